"""One base for all examples: each has an id of its own, and may refer to one that comes later."""

import pytest

from fhir_server.main import definitions
from tests.client import fresh, health


@pytest.fixture(scope="session")
def spec():
    return definitions()


@pytest.fixture(scope="module")
async def fhir(mongodb_uri, spec):
    async with (
        fresh(mongodb_uri) as store,
        health(store, spec, referential_integrity=False, text_search=True) as client,
    ):
        yield client
