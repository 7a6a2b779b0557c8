"""A patient with a Vietnamese name, and a base she is in."""

import pytest


@pytest.fixture
def patient() -> dict:
    return {
        "resourceType": "Patient",
        "identifier": [{"system": "http://fhir.hl7.org.vn/core/sid/cccd", "value": "099190000001"}],
        "name": [{"text": "Nguyễn Thị Bưởi", "family": "Nguyễn", "given": ["Thị", "Bưởi"]}],
        "gender": "female",
        "birthDate": "1990-02-28",
    }


@pytest.fixture
async def her(fhir, patient):
    """Give a client of a base that has a patient p1."""
    await fhir.put("Patient/p1", {**patient, "id": "p1"})
    return fhir
