"""A health base that takes documents, and the sample envelope."""

from pathlib import Path

import pytest

from fhir_server.main import definitions
from tests.client import health

EXAMPLES = Path(__file__).parents[2] / "mappings" / "decision_4750" / "examples"


@pytest.fixture(scope="session")
def spec():
    return definitions()


@pytest.fixture
async def fhir(store, spec):
    async with health(store, spec) as client:
        yield client


@pytest.fixture(scope="session")
def sample() -> bytes:
    return (EXAMPLES / "sample" / "envelope.xml").read_bytes()
