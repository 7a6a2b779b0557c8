"""One base over the embedded database, asked as HTTP would ask it, without a socket."""

import pytest

from fhir_server.main import definitions
from tests.client import health


@pytest.fixture(scope="session")
def spec():
    return definitions()


@pytest.fixture
async def fhir(store, spec):
    async with health(store, spec) as client:
        yield client


@pytest.fixture
def patient() -> dict:
    return {
        "resourceType": "Patient",
        "identifier": [{"system": "http://fhir.hl7.org.vn/core/sid/cccd", "value": "099190000001"}],
        "name": [{"text": "Nguyễn Thị Bưởi", "family": "Nguyễn", "given": ["Thị", "Bưởi"]}],
        "gender": "female",
        "birthDate": "1990-02-28",
    }
