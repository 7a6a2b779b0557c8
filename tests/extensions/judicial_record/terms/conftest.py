"""A store of the legal base with the bodies that own dossiers, emptied of Tasks for each test."""

from uuid import uuid4

import pymongo
import pytest

from extensions.judicial_record.subjects import subject_of
from fhir_server.interactions.write import change
from fhir_server.main.legal import definitions
from fhir_server.store.encryption import Encryption
from fhir_server.store.key_file import renewed
from fhir_server.store.veil import Veil
from fhir_server.store.veiled import Veiled
from tests.extensions.judicial_record.terms.dossiers import ALL, context

THERE = (
    ("Organization", "police", {"name": "Công an thử nghiệm"}),
    ("Organization", "elsewhere", {"name": "Công an thử nghiệm khác"}),
    ("Person", "holder", {"active": True}),
)


@pytest.fixture(scope="session")
async def shared(mongodb_uri):
    """Give a context over a database of its own, sealed as that of the legal base is."""
    name, keys = f"test_{uuid4().hex}", renewed(None, "first")
    encryption = Encryption.over(mongodb_uri, name, lambda: keys)
    store = Veiled.under(Veil(encryption, subject_of), mongodb_uri, name)
    await store.prepare()
    where = context(store, definitions())
    changes = [
        change(where, type_, id_, {"resourceType": type_, **told}, method="create")
        for type_, id_, told in THERE
    ]
    await store.commit(ALL, changes)
    yield where
    with pymongo.timeout(60):
        await store.database.client.drop_database(name)
    await store.close()
    encryption.close()


@pytest.fixture
async def where(shared):
    """Give a context over a store without a dossier."""
    for name in ("Task", "Task_history", "DocumentReference", "tombstones"):
        await shared.store.database[name].delete_many({})
    return shared
