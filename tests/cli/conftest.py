"""What the commands of the authorization server need: records of a test's own."""

from uuid import uuid4

import pytest

from fhir_server.store.records import Records
from tests.records import drop


@pytest.fixture
def records(mongodb_uri, monkeypatch):
    """Give the records the commands find by the environment; dropped afterwards."""
    database = f"test_{uuid4().hex}"
    monkeypatch.setenv("FHIR_MONGODB_URI", mongodb_uri)
    monkeypatch.setenv("FHIR_DATABASE", database)
    opened = Records.open(mongodb_uri, f"{database}_oauth")
    yield opened
    drop(opened)
    opened.close()
