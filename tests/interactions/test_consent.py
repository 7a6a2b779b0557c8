"""What patients withhold is as if it had never been, at once, for whom they withhold it from."""

from dataclasses import replace

import pytest

from tests.client import health, issues
from tests.interactions.callers import (
    CITIZEN,
    DOCTOR,
    SYSTEM,
    consent,
    diagnosis,
    found,
    people,
    put,
    reference,
    visit,
)

ROLE = {"coding": [{"system": "http://example.org/roles", "code": "any"}]}
FROM_H = {"type": "deny", "actor": [{"role": ROLE, "reference": reference("Organization/h")}]}
FROM_ALL = {"type": "deny"}


@pytest.fixture
async def patients(fhir):
    """Store what each of p and q has; both are in care at h."""
    await people(fhir)
    for id_ in "pq":
        await visit(fhir, f"e{id_}", id_, "h")
        await diagnosis(fhir, f"c{id_}", id_)
    return fhir


async def test_what_is_denied_is_gone_for_those_denied_and_back_when_it_is_withdrawn(
    patients, store, spec
):
    async with health(store, spec, caller=DOCTOR) as doctor:
        assert (await doctor.get("Condition/cp")).status_code == 200
        await consent(patients, "n", "p", FROM_H)
        hidden, absent = await doctor.get("Condition/cp"), await doctor.get("Condition/cx")
        assert hidden.status_code == 404
        assert hidden.text.replace("cp", "cx") == absent.text
        assert found(await doctor.get("Condition?patient=p,q")) == {"Condition/cq"}
        assert (await doctor.get("Condition/cp/_history/1")).status_code == 404
        assert found(await doctor.get("Encounter")) == {"Encounter/eq"}
        await consent(patients, "n", "p", FROM_H, status="inactive")
        assert (await doctor.get("Condition/cp")).status_code == 200


async def test_a_denial_of_one_kind_of_data_leaves_the_rest(patients, store, spec):
    kind = [{"system": "http://hl7.org/fhir/resource-types", "code": "Condition"}]
    await consent(patients, "n", "p", {**FROM_H, "class": kind})
    async with health(store, spec, caller=DOCTOR) as doctor:
        assert (await doctor.get("Condition/cp")).status_code == 404
        assert (await doctor.get("Encounter/ep")).status_code == 200


async def test_a_system_is_kept_from_what_is_denied_to_all(patients, store, spec):
    await consent(patients, "n", "p", FROM_ALL)
    async with health(store, spec, caller=SYSTEM) as system:
        assert found(await system.get("Condition")) == {"Condition/cq"}
        total = (await system.get("Condition?_summary=count")).json()["total"]
        assert total == 1


async def test_a_patient_is_kept_from_nothing_but_by_the_app_he_denied(patients, store, spec):
    await consent(patients, "n", "p", FROM_ALL)
    async with health(store, spec, caller=CITIZEN) as citizen:
        assert (await citizen.get("Condition/cp")).status_code == 200
    app = {"identifier": {"value": "app"}}
    await consent(patients, "m", "p", {"type": "deny", "actor": [{"role": ROLE, "reference": app}]})
    async with health(store, spec, caller=CITIZEN) as citizen:
        assert (await citizen.get("Condition/cp")).status_code == 404
    async with health(store, spec, caller=replace(CITIZEN, client="other")) as citizen:
        assert (await citizen.get("Condition/cp")).status_code == 200


async def test_where_too_many_deny_a_system_has_to_name_the_patient(patients, store, spec):
    await consent(patients, "n", "p", FROM_ALL)
    async with health(store, spec, caller=SYSTEM, max_denials=0) as system:
        refused = await system.get("Condition")
        assert refused.status_code == 403
        assert "name the patient" in issues(refused)[0]["diagnostics"]
        assert found(await system.get("Condition?patient=p,q")) == {"Condition/cq"}
        assert (await system.get("Condition/cp")).status_code == 404
        assert (await system.get("Condition/cq")).status_code == 200
        assert (await system.get("Organization/h")).status_code == 200


async def test_where_too_many_deny_an_own_encounter_needs_its_patient(patients, store, spec):
    await consent(patients, "n", "p", FROM_ALL)
    async with health(store, spec, caller=DOCTOR, max_denials=0) as doctor:
        assert (await doctor.get("Encounter")).status_code == 403
        assert found(await doctor.get("Encounter?patient=p,q")) == {"Encounter/eq"}


async def test_what_a_hospital_may_not_see_it_may_still_write(patients, store, spec):
    await consent(patients, "n", "p", FROM_ALL)
    new = {
        "resourceType": "Condition",
        "subject": reference("Patient/p"),
        "encounter": reference("Encounter/ep"),
    }
    async with health(store, spec, caller=SYSTEM) as system:
        assert (await system.post("Condition", new)).status_code == 201


async def test_a_consent_first_in_a_transaction_does_not_open_what_comes_after(
    patients, store, spec
):
    stored = await consent(patients, "n", "p", FROM_H)
    kind = [{"system": "http://hl7.org/fhir/resource-types", "code": "Condition"}]
    await consent(patients, "n", "p", {**FROM_H, "class": kind})
    lifted = {**stored, "status": "inactive"}
    entries = [
        {"resource": lifted, "request": {"method": "PUT", "url": "Consent/n"}},
        {"request": {"method": "GET", "url": "Condition/cp"}},
    ]
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
    async with health(store, spec, caller=DOCTOR) as doctor:
        assert (await doctor.post("", bundle)).status_code == 404


async def test_a_merged_answer_of_all_types_leaves_out_what_is_denied(patients, store, spec):
    await put(patients, "Observation", "o", status="final", code={"text": "a"})
    await consent(patients, "n", "p", FROM_ALL)
    async with health(store, spec, caller=SYSTEM) as system:
        answer = await system.get("?_type=Condition,Observation,Patient")
        assert found(answer) == {"Condition/cq", "Observation/o", "Patient/q"}
