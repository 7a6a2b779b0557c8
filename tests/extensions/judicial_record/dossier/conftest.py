"""One bench for each file of tests: a store and records, with the bodies and officers that act."""

from uuid import uuid4

import pytest

from extensions.judicial_record.dossier.operations import KINDS
from fhir_server.access.caller import ANYONE_ON_LOOPBACK
from fhir_server.interactions.write import change
from fhir_server.search.condition import Everything
from fhir_server.store.records import Records
from fhir_server.store.store import Store
from tests.extensions.judicial_record.dossier.desks import NOON, Match
from tests.extensions.judicial_record.dossier.desks import bench as opened
from tests.records import drop

THERE = [
    *(("Organization", one, {"name": one}) for one in ("police", "elsewhere")),
    *(("Practitioner", one, {"active": True}) for one in ("clerk", "leader", "other")),
]


@pytest.fixture(scope="module")
async def shared(spec, mongodb_uri):
    """Give the bench of a file: a database for each test would take longer than the tests."""
    records = Records.open(mongodb_uri, f"test_{uuid4().hex}")
    records.prepare(KINDS)
    store = Store.open(mongodb_uri, f"test_{uuid4().hex}")
    await store.prepare()
    made = opened(store, spec, records, ANYONE_ON_LOOPBACK)
    changes = [
        change(made.context, type_, id_, {"resourceType": type_, **told}, method="create")
        for type_, id_, told in THERE
    ]
    await store.commit(Everything(), changes)
    yield made
    await store.close()
    drop(records, records.database.name, store.database.name)
    records.close()


@pytest.fixture
def bench(shared):
    """Give the bench at its usual time, with sources that know nobody."""
    shared.clock[0], shared.match[0] = NOON, Match()
    return shared
