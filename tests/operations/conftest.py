"""A health base, and the calls of $merge and $unmerge."""

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
