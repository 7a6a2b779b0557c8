"""Practitioners reach whom their organisations have in care, and whom the request names."""

from dataclasses import replace

import pytest

from fhir_server.store.relations import Relations
from tests.client import health, issues
from tests.interactions.callers import (
    DOCTOR,
    PROXY,
    diagnosis,
    found,
    people,
    put,
    reference,
    visit,
)


@pytest.fixture
async def doctor(fhir, store, spec):
    """Give the practitioner's client: p is in care at h, q at i."""
    await people(fhir)
    await visit(fhir, "ep", "p", "h")
    await visit(fhir, "eq", "q", "i")
    for id_ in "pq":
        await diagnosis(fhir, f"c{id_}", id_)
    async with health(store, spec, caller=DOCTOR) as client:
        yield client


async def test_a_patient_in_care_is_read_and_another_was_never_there(doctor):
    assert (await doctor.get("Condition/cp")).status_code == 200
    assert (await doctor.get("Patient/p")).status_code == 200
    hidden, absent = await doctor.get("Condition/cq"), await doctor.get("Condition/cx")
    assert hidden.status_code == 404
    assert hidden.text.replace("cq", "cx") == absent.text


@pytest.mark.parametrize(
    "path",
    [
        "Condition?patient=p",
        "Condition?patient=Patient/p",
        "Condition?subject:Patient=p",
        "Condition?patient=p,q",
        "Condition?_id=cp,cq",
        "Patient/p/Condition",
    ],
)
async def test_a_search_that_names_patients_gives_those_in_care(doctor, path):
    assert found(await doctor.get(path)) == {"Condition/cp"}


@pytest.mark.parametrize(
    "path", ["Condition?patient=q", "Condition?_id=cq", "Patient/q/Condition", "Patient?_id=q"]
)
async def test_a_search_that_names_another_finds_nothing(doctor, path):
    assert found(await doctor.get(path)) == set()


@pytest.mark.parametrize(
    "path", ["Condition", "Patient?name=a", "Condition/_history", "?_type=Condition", "_history"]
)
async def test_a_search_that_names_nobody_is_refused_and_told_to(doctor, path):
    response = await doctor.get(path)
    assert response.status_code == 403
    assert "name the patient" in issues(response)[0]["diagnostics"]


async def test_what_is_not_about_patients_needs_no_name(doctor):
    assert found(await doctor.get("Organization")) == {"Organization/h", "Organization/i"}


async def test_the_organisations_own_encounters_are_found_without_a_name(doctor):
    assert found(await doctor.get("Encounter")) == {"Encounter/ep"}
    assert (await doctor.get("Encounter/eq")).status_code == 404


async def test_an_own_encounter_is_no_way_to_its_patient(fhir, doctor):
    await visit(fhir, "old", "q", "h", status="finished", period={"end": "2020-01-01"})
    assert found(await doctor.get("Encounter?_include=Encounter:subject")) == {
        "Encounter/ep",
        "Encounter/old",
    }
    assert (await doctor.get("Patient/q")).status_code == 404


async def test_nobody_admits_himself_by_an_encounter_of_his_own(doctor):
    kind = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"}
    new = {
        "resourceType": "Encounter",
        "status": "in-progress",
        "class": kind,
        "subject": reference("Patient/q"),
        "serviceProvider": reference("Organization/h"),
    }
    entry = {"resource": new, "request": {"method": "POST", "url": "Encounter"}}
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": [entry]}
    assert (await doctor.post("Encounter", new)).status_code in (403, 422)
    assert (await doctor.post("", bundle)).status_code in (403, 422)
    assert (await doctor.get("Patient/q")).status_code == 404


async def test_care_ends_some_days_after_the_visit_did(fhir, store, spec):
    await people(fhir)
    await visit(fhir, "e", "p", "h", status="finished", period={"end": "2026-11-01"})
    async with health(store, spec, caller=DOCTOR, care_grace_days=36_500) as client:
        assert (await client.get("Patient/p")).status_code == 200
    store.relations.forget()
    async with health(store, spec, caller=DOCTOR, care_grace_days=0) as client:
        assert (await client.get("Patient/p")).status_code == 404


async def test_a_visit_that_is_cancelled_or_deleted_ends_the_care(fhir, doctor):
    assert (await doctor.get("Patient/p")).status_code == 200
    await visit(fhir, "ep", "p", "h", status="cancelled")
    assert (await doctor.get("Patient/p")).status_code == 404
    await visit(fhir, "ep", "p", "h")
    assert (await doctor.get("Patient/p")).status_code == 200
    assert (await fhir.delete("Encounter/ep")).is_success
    assert (await doctor.get("Patient/p")).status_code == 404


async def test_another_process_hears_of_it_within_half_a_second(doctor, store):
    now = [0.0]
    store.relations = Relations(store.database, clock=lambda: now[0])
    assert (await doctor.get("Patient/p")).status_code == 200
    await store.database.relations.delete_many({})
    now[0] = 0.5
    assert (await doctor.get("Patient/p")).status_code == 404


async def test_a_transaction_reaches_what_its_entries_name_together(fhir, doctor):
    await visit(fhir, "e2", "q", "h")
    entries = [
        {"request": {"method": "DELETE", "url": "Condition/cp"}},
        {"request": {"method": "DELETE", "url": "Condition/cq"}},
    ]
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
    assert (await doctor.post("", bundle)).status_code == 200
    assert (await fhir.get("Condition/cp")).status_code == 410
    assert (await fhir.get("Condition/cq")).status_code == 410


async def test_each_entry_of_a_batch_is_admitted_for_itself(doctor):
    urls = ["Condition/cp", "Condition/cq", "Condition?patient=p", "Condition"]
    entries = [{"request": {"method": "GET", "url": url}} for url in urls]
    bundle = {"resourceType": "Bundle", "type": "batch", "entry": entries}
    answers = (await doctor.post("", bundle)).json()["entry"]
    assert [one["response"]["status"][:3] for one in answers] == ["200", "404", "200", "403"]


async def test_a_transaction_is_judged_by_what_stood_before_it(fhir, doctor):
    entries = [
        {"request": {"method": "DELETE", "url": "Encounter/ep"}},
        {"request": {"method": "GET", "url": "Condition/cp"}},
    ]
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
    assert (await doctor.post("", bundle)).status_code == 200
    assert (await doctor.get("Condition/cp")).status_code == 404


async def test_a_launch_context_of_a_practitioner_is_of_a_patient_in_care(
    fhir, doctor, store, spec
):
    for patient, status in (("p", 200), ("q", 404)):
        caller = replace(DOCTOR, scopes=("patient/*.rs",), patient=patient)
        async with health(store, spec, caller=caller) as client:
            assert (await client.get(f"Condition/c{patient}")).status_code == status


async def test_a_proxy_reaches_whom_he_stands_for_until_that_ends(fhir, doctor, store, spec):
    async def status():
        async with health(store, spec, caller=PROXY) as client:
            return (await client.get("Condition/cp")).status_code

    assert await status() == 404
    await put(fhir, "RelatedPerson", "mother", patient=reference("Patient/p"))
    assert await status() == 200
    ended = {"period": {"end": "2020-01-01"}}
    await put(fhir, "RelatedPerson", "mother", patient=reference("Patient/p"), **ended)
    assert await status() == 404


async def test_a_proxy_does_not_prolong_himself(fhir, doctor, store, spec):
    body = {"patient": reference("Patient/p"), "period": {"end": "2099-01-01"}}
    await put(fhir, "RelatedPerson", "mother", **body)
    longer = {"resourceType": "RelatedPerson", "id": "mother", "patient": reference("Patient/p")}
    async with health(store, spec, caller=PROXY) as client:
        assert (await client.put("RelatedPerson/mother", longer)).status_code == 403
