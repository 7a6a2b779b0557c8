"""Labelled resources are left out whole, in every version, unless the caller is cleared."""

from dataclasses import replace

import pytest

from tests.client import health
from tests.interactions.callers import CITIZEN, diagnosis, found, people

ACT_CODE = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
RESTRICTED = {"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "R"}
HIV = {"system": ACT_CODE, "code": "HIV"}
CLEARED = replace(CITIZEN, clearance=frozenset({"HIV"}))


@pytest.fixture
async def patient(fhir):
    """Store an ordinary diagnosis of p and a sensitive one."""
    await people(fhir)
    await diagnosis(fhir, "c", "p")
    await diagnosis(fhir, "s", "p", "B20")
    return fhir


async def test_what_is_sensitive_is_left_out_unless_the_grant_clears_it(patient, store, spec):
    async with health(store, spec, caller=CITIZEN) as citizen:
        hidden, absent = await citizen.get("Condition/s"), await citizen.get("Condition/x")
        assert hidden.status_code == 404
        assert hidden.text.replace("Condition/s", "Condition/x") == absent.text
        assert found(await citizen.get("Condition")) == {"Condition/c"}
        assert (await citizen.get("Condition?_summary=count")).json()["total"] == 1
    async with health(store, spec, caller=CLEARED) as citizen:
        assert found(await citizen.get("Condition")) == {"Condition/c", "Condition/s"}


async def test_being_cleared_of_one_label_clears_no_other(patient, store, spec):
    await diagnosis(patient, "s", "p", "B20", meta={"security": [RESTRICTED]})
    async with health(store, spec, caller=CLEARED) as citizen:
        assert (await citizen.get("Condition/s")).status_code == 404


async def test_an_update_without_the_label_keeps_it(patient):
    changed = await diagnosis(patient, "s", "p", "J18")
    assert changed["meta"]["security"] == [HIV]
    again = await diagnosis(patient, "s", "p", "J18", meta={"security": [RESTRICTED]})
    assert again["meta"]["security"] == [RESTRICTED, HIV]
    assert found(await patient.get("Condition?_security=HIV")) == {"Condition/s"}


async def test_a_label_outlives_a_deletion(patient, store, spec):
    await patient.delete("Condition/s")
    async with health(store, spec, caller=CITIZEN) as citizen:
        assert (await citizen.get("Condition/s")).status_code == 404
    again = await diagnosis(patient, "s", "p", "J18")
    assert again["meta"]["security"] == [HIV]


async def test_a_label_that_comes_later_covers_the_versions_before(patient, store, spec):
    async with health(store, spec, caller=CITIZEN) as citizen:
        assert (await citizen.get("Condition/c/_history/1")).status_code == 200
        await diagnosis(patient, "c", "p", meta={"security": [RESTRICTED]})
        assert (await citizen.get("Condition/c/_history/1")).status_code == 404
        assert (await citizen.get("Condition/c/_history")).status_code == 404


async def test_meta_delete_takes_a_label_off_but_not_what_the_codes_say(patient):
    await diagnosis(patient, "c", "p", meta={"security": [RESTRICTED]})
    for id_, label, left in (("c", RESTRICTED, set()), ("s", HIV, {"Condition/s"})):
        given = {"name": "meta", "valueMeta": {"security": [label]}}
        body = {"resourceType": "Parameters", "parameter": [given]}
        assert (await patient.post(f"Condition/{id_}/$meta-delete", body)).is_success
        document = await patient.context.store.database["Condition"].find_one({"_id": id_})
        assert ("_labels" in document["x"]) == bool(left)


async def test_who_writes_something_sensitive_need_not_be_cleared(patient, store, spec):
    await diagnosis(patient, "new", "p")
    coding = {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10", "code": "F20"}]}
    body = {"resourceType": "Condition", "subject": {"reference": "Patient/p"}, "code": coding}
    async with health(store, spec, caller=CITIZEN) as citizen:
        made = await citizen.post("Condition", body, Prefer="return=minimal")
        assert made.status_code == 201
        where = made.headers["location"].partition("/fhir/")[2].partition("/_history")[0]
        assert (await citizen.get(where)).status_code == 404
