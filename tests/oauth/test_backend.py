"""Backend Services: a system in its own name, by its key, within its registration, for 300 s."""

from uuid import uuid4

import pytest
from joserfc.jwk import ECKey

from fhir_server.oauth import assertion, clients, review
from fhir_server.oauth.clients import Client
from tests.oauth.flow import ISSUER
from tests.oauth.registry import KEYS, at_hash, public, signed

URL = f"{ISSUER}/token"


@pytest.fixture
def system(smart):
    system_ = Client(
        id="system",
        name="A system",
        kind="asymmetric",
        grant_types=("client_credentials",),
        scopes=("system/Patient.rs", "system/Observation.cruds", "system/$submit-document"),
        jwks={"keys": [public(KEYS["RS384"])]},
        organisation="H1",
        facilities=("99001",),
        clearance=("HIV",),
        status="active",
    )
    return clients.add(smart.oauth, system_)[0]


def proof(smart, key=KEYS["RS384"], **changes):
    now = smart.clock()
    told = {"iss": "system", "sub": "system", "aud": URL, "exp": now + 240, "jti": uuid4().hex}
    told |= changes
    return {
        "client_assertion_type": assertion.TYPE,
        "client_assertion": signed(told, key),
    }


async def asked(smart, scope="system/Patient.rs", headers=None, **more):
    form = {"grant_type": "client_credentials", "scope": scope, **proof(smart), **more}
    return await smart.post("token", form, **(headers or {}))


async def test_a_system_gets_a_token_of_five_minutes_and_none_to_refresh_it(smart, system):
    answer = await asked(smart)
    assert answer.status_code == 200, answer.text
    assert (answer.headers["cache-control"], answer.headers["pragma"]) == ("no-store", "no-cache")
    told = answer.json()
    token = told.pop("access_token")
    assert told == {"token_type": "Bearer", "expires_in": 300, "scope": "system/Patient.rs"}
    assert await smart.good(token)
    smart.clock.at += 300
    assert not await smart.good(token)


async def test_the_token_says_what_the_registration_says(smart, system):
    await asked(smart)
    (record,) = smart.oauth.records.find("tokens", {"client": "system"})
    assert record["facilities"] == ["99001"]
    assert record["organisations"] == ["H1"]
    assert record["clearance"] == ["HIV"]
    assert (record["user"], record["patient"], record["fhir_user"]) == ("", "", "")


async def test_what_is_granted_is_within_the_registration(smart, system):
    for asked_for, given in (
        ("system/*.rs", {"system/Patient.rs", "system/Observation.rs"}),
        ("system/Patient.cruds", {"system/Patient.rs"}),
        ("system/Patient.read", {"system/Patient.read"}),
        ("system/Patient.rs system/Encounter.rs", {"system/Patient.rs"}),
        ("system/$submit-document", {"system/$submit-document"}),
        ("system/Observation.rs?code=a", {"system/Observation.rs?code=a"}),
    ):
        answer = await asked(smart, asked_for)
        assert set(answer.json()["scope"].split()) == given


async def test_other_scopes_are_refused(smart, system):
    for scope in (
        None,
        "",
        " ",
        "patient/Patient.rs",
        "user/Patient.rs",
        "openid",
        "launch/patient",
        "offline_access",
        "system/Patient.rs patient/Patient.rs",
        "system/Patient.rs openid",
        "system/Patient.rs offline_access",
        "system/Encounter.rs",
        "system/$reindex",
        "system/Patient.sr",
        "system/Nothing.rs",
        "system/Patient.rs%20",
        "anything",
        "system/Patient.rs " * 2000,
    ):
        answer = await asked(smart, scope)
        assert answer.status_code == 400, answer.text
        assert answer.json()["error"] in {"invalid_scope", "invalid_request"}
        assert "access_token" not in answer.text


async def test_an_assertion_is_used_up_by_a_token(smart, system):
    form = {"grant_type": "client_credentials", "scope": "system/Patient.rs", **proof(smart)}
    assert (await smart.post("token", form)).status_code == 200
    again = await smart.post("token", form)
    assert (again.status_code, again.json()["error"]) == (401, "invalid_client")


async def test_nobody_else_gets_a_token_of_this_kind(smart, system):
    smart.register("web", kind="symmetric", grant_types=["client_credentials"])
    form = {"grant_type": "client_credentials", "scope": "system/Patient.rs"}
    for client in ("app", "clinic", "web"):
        answer = await smart.post("token", {**form, "client_id": client, **smart.secret(client)})
        assert (answer.status_code, answer.json()["error"]) == (400, "unauthorized_client")
    assert (await smart.post("token", {**form, "client_id": "system"})).status_code == 401
    assert (await smart.post("token", form)).status_code == 401
    other = proof(smart, iss="not_a_valid_iss")
    assert (await smart.post("token", {**form, **other})).status_code == 401


async def test_a_system_that_is_suspended_loses_its_token(smart, system):
    token = (await asked(smart)).json()["access_token"]
    review.decide(smart.oauth, "system", "suspend")
    smart.clock.at += 1
    assert not await smart.good(token)
    assert (await asked(smart)).status_code == 401


def dpop(smart, url=URL, key=KEYS["ES256"], **more):
    told = {"jti": uuid4().hex, "htm": "POST", "htu": url, "iat": smart.clock(), **more}
    return signed(told, key, "ES256", typ="dpop+jwt", kid=None, jwk=public(key))


async def test_a_proof_binds_the_token_to_its_key(smart, system):
    answer = await asked(smart, headers={"DPoP": dpop(smart)})
    token = answer.json()["access_token"]
    assert answer.json()["token_type"] == "DPoP"

    async def status(proof, scheme="DPoP"):
        headers = {"Authorization": f"{scheme} {token}", **({"DPoP": proof} if proof else {})}
        return (await smart.http.get("/fhir/Patient/1", headers=headers)).status_code

    def fresh(**changes):
        url = "https://test.invalid/fhir/Patient/1"
        return dpop(smart, **{"url": url, "htm": "GET", "ath": at_hash(token), **changes})

    proof = fresh()
    assert await status(proof) != 401
    for wrong in (
        proof,
        "",
        fresh(ath=None),
        fresh(ath=at_hash("other")),
        fresh(htm="POST"),
        fresh(url="https://test.invalid/fhir/Patient/2"),
        fresh(key=ECKey.generate_key("P-256")),
    ):
        assert await status(wrong) == 401
    # Sent as Bearer it is nobody's, with a proof or without.
    assert [await status(one, "Bearer") for one in (fresh(), "")] == [401, 401]
    assert await status(fresh()) != 401


async def test_a_client_that_must_bind_gets_nothing_without(smart, system):
    smart.oauth.records.change("clients", {"_id": "system"}, {"dpop": True})
    answer = await asked(smart)
    assert answer.status_code == 400
    assert "DPoP" in answer.json()["error_description"]
