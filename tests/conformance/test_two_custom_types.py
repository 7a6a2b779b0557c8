"""The definitions are enough for the engine to serve certificates, beside another custom type."""

import json
from uuid import uuid4

import pytest

from fhir_server.spec.spec import load
from fhir_server.store.store import Store
from tests.client import health, issues
from tests.conformance.test_toy_type import DEFINITIONS, toy
from tests.extensions.judicial_record.certificates import FOLDER, TYPE, certificate, form_2


@pytest.fixture(scope="module")
def two_types(tmp_path_factory):
    folder = tmp_path_factory.mktemp("definitions")
    for number, definition in enumerate(DEFINITIONS):
        (folder / f"{number}.json").write_text(json.dumps(definition))
    return load([FOLDER, folder])


@pytest.fixture
async def fhir(mongodb_uri, two_types):
    store = Store.open(mongodb_uri, f"test_{uuid4().hex}")
    await store.prepare()
    async with health(store, two_types) as client:
        yield client
    await store.database.client.drop_database(store.database.name)
    await store.close()


async def around(fhir):
    """Store what the certificates refer to."""
    await fhir.put("Person/p1", {"resourceType": "Person", "id": "p1"})
    for name in ("issuer-99", "court-99"):
        body = {"resourceType": "Organization", "id": name, "name": "Toà án thử nghiệm"}
        made = await fhir.put(f"Organization/{name}", body)
        assert made.status_code == 201, made.text


async def test_two_custom_types_live_on_one_base(fhir):
    await around(fhir)
    for body in (certificate(), form_2(), toy()):
        made = await fhir.post(body["resourceType"], body)
        assert made.status_code == 201, made.text
    for query, found in (
        ("status=issued", 2),
        ("form=form-2", 1),
        ("subject=Person/p1&issuer=Organization/issuer-99", 2),
        ("identifier=http://fhir.hl7.org.vn/legal/sid/certificate-number|12/2026/LLTP-99", 2),
        ("issued=2026-08-03", 2),
        ("issued=lt2026-08-03", 0),
    ):
        answer = (await fhir.get(f"{TYPE}?{query}&_summary=count")).json()
        assert answer["total"] == found, query
    assert len((await fhir.get("Toy?colour=red")).json()["entry"]) == 1
    declared = (await fhir.get("metadata")).json()["rest"][0]["resource"]
    assert {TYPE, "Toy"} <= {one["type"] for one in declared}


async def test_nothing_of_a_record_can_be_searched_by(fhir):
    for name in ("convictionStatus", "conviction", "offence", "name", "birthdate"):
        answer = await fhir.get(f"{TYPE}?{name}=present", Prefer="handling=strict")
        assert answer.status_code == 400, name


async def test_the_summary_has_no_conviction_and_no_hash(fhir):
    await around(fhir)
    made = await fhir.post(TYPE, form_2())
    path = f"{TYPE}/{made.json()['id']}?_summary=true"
    summary = (await fhir.get(path)).json()
    assert {"conviction", "prohibition", "signature", "signedBy"}.isdisjoint(summary)
    assert summary["convictionStatus"] == "present"
    assert {"documentHash", "leafIndex"}.isdisjoint(summary["verification"])


async def test_a_certificate_that_breaks_a_rule_is_refused_with_its_name(fhir):
    answer = await fhir.post(TYPE, certificate(convictionStatus="all-expunged"))
    assert answer.status_code == 422
    assert "jrc-13" in issues(answer)[0]["diagnostics"]
