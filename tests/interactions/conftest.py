"""A patient with a Vietnamese name."""

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
