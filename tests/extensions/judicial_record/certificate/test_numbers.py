"""Numbers: one for an owner however many ask at once, and none left out."""

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest

from extensions.judicial_record.certificate import numbers
from extensions.judicial_record.office import Issuer
from fhir_server.store.records import Records
from tests.records import drop

ISSUER = Issuer("99", "Công an thử nghiệm", "Tỉnh 99", "{n}/{year}", ())


@pytest.fixture
def records(mongodb_uri):
    opened = Records.open(mongodb_uri, f"test_{uuid4().hex}")
    opened.prepare(numbers.KINDS)
    yield opened
    drop(opened)
    opened.close()


def test_an_owner_has_one_number_and_no_number_is_left_out(records):
    owners = [f"c{n % 5}" for n in range(40)]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda owner: numbers.number(records, ISSUER, 2026, owner), owners))
    told = dict(zip(owners, found, strict=True))
    assert all(told[owner] == one for owner, one in zip(owners, found, strict=True))
    assert set(told.values()) == {f"{n}/2026" for n in range(1, 6)}
    assert len(records.find("numbers", {})) == 5
    assert numbers.number(records, ISSUER, 2026, "next") == "6/2026"


def test_who_was_overtaken_while_he_took_his_number_moves_on(records):
    numbers.number(records, ISSUER, 2026, "first")
    row = {"_id": "late", "series": "99/2026", "year": 2026, "n": 1}
    records.insert("number_owners", row)
    assert numbers.number(records, ISSUER, 2026, "late") == "2/2026"
    assert numbers.number(records, ISSUER, 2026, "first") == "1/2026"
