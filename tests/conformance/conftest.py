"""One base for all examples: each has an id of its own, and may refer to one that comes later."""

from uuid import uuid4

import pytest

from fhir_server.main import definitions
from fhir_server.store.store import Store
from tests.client import health


@pytest.fixture(scope="session")
def spec():
    return definitions()


@pytest.fixture(scope="module")
async def fhir(mongodb_uri, spec):
    store = Store.open(mongodb_uri, f"test_{uuid4().hex}")
    await store.prepare()
    async with health(store, spec, referential_integrity=False) as client:
        yield client
    await store.database.client.drop_database(store.database.name)
    await store.close()
