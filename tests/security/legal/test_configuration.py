"""What the two bases are made of: nothing that keeps, opens or names is of both."""

import pytest
from pydantic import ValidationError

from fhir_server.main import legal
from fhir_server.pages.site import Site
from fhir_server.settings import Settings
from tests.extensions.judicial_record.conftest import SITE


def test_no_database_is_of_both_bases(world):
    names = [world.contexts[one].store.database.name for one in ("health", "legal")]
    names += [one.records.database.name for one in world.oauths.values()]
    assert len(set(names)) == len(names) == 4
    assert world.office.records.database.name == world.contexts["legal"].store.database.name


def test_names_stay_apart_whatever_is_set():
    for name in ("fhir", "x"):
        told = Settings(database=name, legal=True)
        names = {told.database, told.oauth_name(), told.legal_name(), f"{told.legal_name()}_oauth"}
        assert len(names) == 4


def test_no_address_no_issuer_no_audience_is_of_both(world):
    health, law = world.oauths["health"], world.oauths["legal"]
    assert health.issuer != law.issuer
    assert (health.base_url, law.base_url) == (f"{SITE}/fhir", f"{SITE}/legal/fhir")
    assert world.contexts["health"].base_url != world.contexts["legal"].base_url


def test_no_cookie_is_of_both(world):
    sites = [
        Site(world.oauths["health"], None, legal.nobody),
        Site(world.oauths["legal"], None, legal.nobody, prefix="/legal"),
    ]
    for name in ("session", "visitor", "lang"):
        assert len({one.cookie(name) for one in sites}) == 2


async def test_no_key_is_of_both(world):
    health, law = (world.contexts[one].store for one in ("health", "legal"))
    keys = [one.watch.audit.signer.key for one in (health, law)]
    keys += [world.contexts[one].cursor_key for one in ("health", "legal")]
    assert len(set(keys)) == 4
    # Those of the legal base are in no database.
    kept = [await health.secret(name) for name in ("audit", "cursor")]
    assert {*keys} & {*kept} == {keys[0], keys[2]}
    assert await law.database.secrets.count_documents({}) == 0
    assert law.veil is not None
    assert health.veil is None


def test_in_production_a_database_user_is_never_of_both():
    told = {"env": "production", "legal": True, "base_url": "https://fhir.example/fhir"}
    uri = "mongodb://health:x@127.0.0.1/"
    for other in (None, uri):
        with pytest.raises(ValidationError, match="FHIR_LEGAL_MONGODB_URI"):
            Settings(mongodb_uri=uri, legal_mongodb_uri=other, **told)
    assert Settings(mongodb_uri=uri, legal_mongodb_uri="mongodb://legal:x@127.0.0.1/", **told).legal


def test_no_scope_of_health_reaches_a_type_of_the_legal_base(world):
    spec = world.contexts["legal"].spec
    assert "JudicialRecordCertificate" in spec.types
    assert "Patient" not in spec.types
    assert "JudicialRecordCertificate" not in world.contexts["health"].spec.types


async def test_what_each_base_says_of_itself_does_not_name_the_other(world):
    health = (await world.http.get("/fhir/metadata")).text
    assert not [one for one in ("legal", "Judicial", "certificate-") if one in health]
    law = (await world.http.get("/legal/fhir/metadata")).text
    assert not [one for one in ('"Patient"', '"Observation"', f"{SITE}/fhir") if one in law]
    for path in ("/fhir/.well-known/smart-configuration", "/oauth/.well-known/openid-configuration",
                 "/.well-known/oauth-authorization-server/oauth"):  # fmt: skip
        assert "legal" not in (await world.http.get(path)).text.lower(), path
    for path in ("/legal/fhir/.well-known/smart-configuration",
                 "/legal/oauth/.well-known/openid-configuration"):  # fmt: skip
        told = (await world.http.get(path)).text
        assert f"{SITE}/fhir" not in told
        assert f"{SITE}/oauth" not in told
