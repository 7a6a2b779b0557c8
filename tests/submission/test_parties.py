"""Organisations and practitioners: found by number, made once, left as they are."""

import asyncio

from tests.submission.envelopes import visit
from tests.submission.stored import dangling, everything, of_type, submit, submitted

CCHN = "http://fhir.hl7.org.vn/core/sid/cchn"


async def test_a_practitioner_who_is_known_is_found_and_left_as_she_is(fhir):
    known = {
        "resourceType": "Practitioner",
        "identifier": [{"system": CCHN, "value": "000001/TEST-CCHN"}],
        "name": [{"text": "Bác sĩ đã biết"}],
    }
    created = (await fhir.post("Practitioner", known)).json()
    await submitted(fhir, visit(1))
    every = await everything(fhir)
    assert every[f"Practitioner/{created['id']}"] == created
    numbers = [one["identifier"][0]["value"] for one in await of_type(fhir, "Practitioner")]
    assert len(numbers) == len(set(numbers))
    (medicine,) = await of_type(fhir, "MedicationRequest")
    assert medicine["requester"] == {"reference": f"Practitioner/{created['id']}"}


async def test_a_practitioner_new_to_two_hospitals_at_once_is_made_once(fhir):
    bodies = [
        visit(n, facility=f"9900{n}", SO_CCCD=f"09908500000{n}", MA_THE_BHYT="")
        for n in range(2, 7)
    ]
    answers = await asyncio.gather(*(submit(fhir, body) for body in bodies))
    assert [answer.status_code for answer in answers] == [200] * 5
    numbers = [one["identifier"][0]["value"] for one in await of_type(fhir, "Practitioner")]
    assert len(numbers) == len(set(numbers))
    assert len(await of_type(fhir, "Patient")) == 5
    assert dangling(await everything(fhir)) == []
