"""An office with records of its own, sealed; files to import."""

from uuid import uuid4

import pytest
from pymongo import MongoClient

from extensions.judicial_record.law.days import start_of
from extensions.judicial_record.sources.importing import KINDS, import_files
from fhir_server.fhir import json
from fhir_server.store.encryption import Encryption
from fhir_server.store.key_file import renewed
from fhir_server.store.records import Records
from tests.extensions.judicial_record.offices import office as office_of
from tests.extensions.judicial_record.sources.told import TODAY
from tests.records import drop


@pytest.fixture(scope="session")
def opened(mongodb_uri):
    """Give an office whose clock stands still, over a database of its own."""
    name = f"test_{uuid4().hex}"
    records, keys = Records.open(mongodb_uri, name), renewed(None, "first")
    records.prepare(KINDS)
    with MongoClient(mongodb_uri) as client:
        encryption = Encryption(client[name], lambda: keys)
        now = start_of(TODAY) + 1
        yield office_of(records=records, encryption=encryption, clock=lambda: now)
    drop(records)
    records.close()


@pytest.fixture
def office(opened):
    """Give that office without any record."""
    for kind in KINDS:
        opened.records.remove(kind, {})
    return opened


@pytest.fixture
def write(tmp_path):
    """Give what writes rows as a file of JSON lines; bytes are a line as they are."""

    def written(*told, name="rows.ndjson"):
        path = tmp_path / name
        made = (one if isinstance(one, bytes) else json.dump(one) for one in told)
        path.write_bytes(b"\n".join(made) + b"\n")
        return path

    return written


@pytest.fixture
def taken(office, write):
    """Give what imports rows into the office; gives the report of the file."""

    def take(*told):
        (report,) = import_files(office, [write(*told)])
        return report.told()

    return take
