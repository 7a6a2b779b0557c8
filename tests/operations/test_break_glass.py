"""$break-glass: an emergency opens one record for 15 minutes, and leaves traces."""

from dataclasses import replace

import pytest

from fhir_server.store.relations import Relations
from tests.client import health, issues
from tests.interactions.callers import CITIZEN, DOCTOR, SYSTEM, consent, diagnosis, people

REASON = "Unconscious after an accident"


def given(reason=REASON):
    parameter = {"name": "reason", "valueString": reason}
    return {"resourceType": "Parameters", "parameter": [parameter]}


@pytest.fixture
async def doctor(fhir, store, spec):
    """Give a practitioner who has neither p nor q in care; p has a sensitive diagnosis."""
    await people(fhir)
    for id_ in "pq":
        await diagnosis(fhir, f"c{id_}", id_)
        await diagnosis(fhir, f"s{id_}", id_, "B20")
    async with health(store, spec, caller=DOCTOR) as client:
        yield client


async def test_the_record_of_one_patient_is_open_and_no_other(fhir, doctor):
    await consent(fhir, "n", "p", {"type": "deny"})
    for path in ("Patient/p", "Condition/cp", "Condition/sp"):
        assert (await doctor.get(path)).status_code == 404
    answer = await doctor.post("Patient/p/$break-glass", given())
    assert answer.status_code == 200, answer.text
    for path in ("Patient/p", "Condition/cp", "Condition/sp"):
        assert (await doctor.get(path)).status_code == 200
    for path in ("Patient/q", "Condition/cq", "Condition/sq"):
        assert (await doctor.get(path)).status_code == 404


async def test_it_is_for_the_practitioner_who_asked_alone(doctor, store, spec):
    await doctor.post("Patient/p/$break-glass", given())
    colleague = replace(DOCTOR, user="Practitioner/e")
    async with health(store, spec, caller=colleague) as other:
        assert (await other.get("Patient/p")).status_code == 404


async def test_it_is_over_after_fifteen_minutes(doctor, store):
    await doctor.post("Patient/p/$break-glass", given())
    [relation] = await store.relations.held(["Practitioner/d"])
    assert relation["kind"] == "break-glass"
    [review] = await store.reviews.waiting()
    assert relation["until"] == review.until == review.ts + 15 * 60 * 1_000_000
    await store.database.relations.update_many({}, {"$set": {"until": review.ts - 1}})
    store.relations = Relations(store.database)
    assert (await doctor.get("Patient/p")).status_code == 404


async def test_the_patient_is_told(doctor, store, spec):
    answer = (await doctor.post("Patient/p/$break-glass", given())).json()
    notice = answer["parameter"][1]["valueReference"]["reference"]
    async with health(store, spec, caller=CITIZEN) as patient:
        told = (await patient.get(notice)).json()
    assert told["sender"] == {"reference": "Practitioner/d"}
    assert told["reasonCode"][0]["coding"][0]["code"] == "BTG"
    assert REASON in told["payload"][0]["contentString"]


async def test_somebody_has_to_review_it_once(doctor, store):
    await doctor.post("Patient/p/$break-glass", given())
    [review] = await store.reviews.waiting()
    assert (review.user, review.client, review.patient) == ("Practitioner/d", "ehr", "p")
    assert review.reason == REASON
    assert await store.reviews.close(review.id, "Practitioner/boss", 1)
    assert not await store.reviews.close(review.id, "Practitioner/boss", 2)
    assert await store.reviews.waiting() == []


@pytest.mark.parametrize("reason", ["", "urgent", " " * 30, "x" * 1_001])
async def test_a_reason_in_words_is_needed(doctor, store, reason):
    refused = await doctor.post("Patient/p/$break-glass", given(reason))
    assert refused.status_code in (400, 422)
    assert await store.reviews.waiting() == []
    assert (await doctor.get("Patient/p")).status_code == 404


async def test_without_a_body_it_is_told_what_is_missing(doctor):
    refused = await doctor.post("Patient/p/$break-glass", b"")
    assert "reason" in issues(refused)[0]["diagnostics"]


@pytest.mark.parametrize(
    "caller",
    [
        CITIZEN,
        replace(CITIZEN, user="RelatedPerson/r"),
        SYSTEM,
        replace(DOCTOR, scopes=("user/Observation.rs",)),
    ],
)
async def test_nobody_but_a_practitioner_who_may_read_patients_breaks_the_glass(
    doctor, store, spec, caller
):
    async with health(store, spec, caller=caller) as other:
        assert (await other.post("Patient/p/$break-glass", given())).status_code == 403
    assert await store.reviews.waiting() == []


async def test_there_has_to_be_such_a_patient(doctor, fhir, store):
    assert (await doctor.post("Patient/none/$break-glass", given())).status_code == 404
    await fhir.put("Patient/gone", {"resourceType": "Patient", "id": "gone"})
    await fhir.delete("Patient/gone")
    assert (await doctor.post("Patient/gone/$break-glass", given())).status_code == 410
    assert (await doctor.get("Patient/p/$break-glass")).status_code == 405
    assert await store.reviews.waiting() == []


async def test_a_notice_somebody_else_writes_opens_nothing(fhir, doctor, store):
    notice = {
        "resourceType": "Communication",
        "status": "completed",
        "subject": {"reference": "Patient/p"},
        "sender": {"reference": "Practitioner/d"},
    }
    assert (await fhir.post("Communication", notice)).status_code == 201
    assert await store.relations.held(["Practitioner/d"]) == []


async def test_it_is_not_done_inside_a_transaction(doctor, store):
    request = {"method": "POST", "url": "Patient/p/$break-glass"}
    entry = {"resource": given(), "request": request}
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": [entry]}
    assert (await doctor.post("", bundle)).status_code == 422
    assert await store.reviews.waiting() == []
