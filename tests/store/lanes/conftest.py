"""A database that is asked by lanes, in front of a server that answers as it is told."""

import pytest
from pymongo import monitoring

from fhir_server.store.client import opened
from tests.store.hostile import hostile


@pytest.fixture(autouse=True)
def _unheard(monkeypatch):
    monkeypatch.setattr(monitoring, "_LISTENERS", monitoring._Listeners([], [], [], [], []))


@pytest.fixture
async def server():
    async with hostile() as (server, uri):
        server.uri = uri
        yield server


@pytest.fixture
async def database(server):
    database = opened(server.uri, "health")
    yield database
    await database.client.close()
