"""What tests of the proof share: a world of keys, records of their own, a clock that is set."""

from uuid import uuid4

import pytest

from extensions.judicial_record.proof import keys, public_log, status_list
from fhir_server.fhir.dates import SECOND
from fhir_server.store.records import Records
from tests.extensions.judicial_record.proof.issuing import T0, Holding, World
from tests.records import drop


@pytest.fixture(scope="session")
def world():
    """Give keys nobody changes."""
    return World()


@pytest.fixture(scope="session")
def database(mongodb_uri):
    opened = Records.open(mongodb_uri, f"test_{uuid4().hex}")
    for kinds in (keys.KINDS, status_list.KINDS, public_log.KINDS):
        opened.prepare(kinds)
    yield opened
    drop(opened)
    opened.close()


@pytest.fixture
def records(database):
    """Give records in which there is nothing."""
    for kind in {**keys.KINDS, **status_list.KINDS, **public_log.KINDS}:
        database.remove(kind, {})
    return database


class Clock:
    """Says T0 until it is set; int seconds."""

    def __init__(self):
        self.second = T0

    def __call__(self):
        return self.second * SECOND + 500_000


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def ring(records, clock):
    return keys.KeyRing(records, Holding(), clock)
