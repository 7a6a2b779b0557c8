"""What everybody may fetch costs one signature in some seconds, and is never old for long."""

import pytest

from extensions.judicial_record import published
from extensions.judicial_record.proof import jws, keys, log_proof, public_log, status_list
from extensions.judicial_record.proof.keyset import keyset
from fhir_server.fhir.errors import NotFound
from tests.extensions.judicial_record.offices import office
from tests.extensions.judicial_record.proof import conftest as proof
from tests.extensions.judicial_record.proof.issuing import ISSUER

database, records, clock, ring = proof.database, proof.records, proof.clock, proof.ring
URL = "https://example.org/legal"


@pytest.fixture
def documents(ring):
    """Give by the end of its path each document."""
    told = {"ring": ring, "records": ring.records, "clock": ring.clock, "public_url": URL}
    made = published.documents(office(**told))
    return {one.path.rpartition("/")[2]: one for one in made}


@pytest.fixture
def signatures(ring, monkeypatch):
    """Give what was signed since."""
    made, sign = [], jws.sign
    monkeypatch.setattr(jws, "sign", lambda *told: made.append(told[1]) or sign(*told))
    return made


def status(ring, documents, place):
    content = documents["{shard}"].answer({"shard": place.shard}).decode()
    uri, known = f"{URL}/status/{place.shard}", keyset(keys.published(ring))
    return status_list.read(content, known, ISSUER, uri, place.index).status


def test_who_asks_often_is_told_what_was_signed_before(documents, ring, signatures):
    place = status_list.allocate(ring.records, "99", "c")
    for _ in range(3):
        documents["{shard}"].answer({"shard": place.shard})
        documents["head"].answer({})
    assert sorted(signatures) == sorted([status_list.TYP, log_proof.TYP])


def test_a_revocation_is_seen_before_a_list_may_be_called_old(documents, ring):
    place = status_list.allocate(ring.records, "99", "c")
    assert status(ring, documents, place) == status_list.VALID
    status_list.set_status(ring.records, place, status_list.REVOKED)
    ring.clock.second += published.KEPT_SECONDS
    assert status(ring, documents, place) == status_list.REVOKED
    assert documents["{shard}"].seconds + published.KEPT_SECONDS <= status_list.TTL_SECONDS


def test_a_list_that_is_not_there_is_looked_for_again(documents, ring):
    with pytest.raises(NotFound):
        documents["{shard}"].answer({"shard": "99-0"})
    place = status_list.allocate(ring.records, "99", "c")
    assert status(ring, documents, place) == status_list.VALID


def test_leaves_are_read_in_one_question(documents, ring, monkeypatch):
    for number in range(5):
        event = log_proof.event("issued", f"body {number}".encode())
        public_log.append(ring.records, f"issued/{number}", event)
    public_log.seal(ring.records)
    asked, several = [], ring.records.several
    monkeypatch.setattr(ring.records, "several", lambda *told: asked.append(told) or several(*told))
    documents["leaves"].answer({"start": "0", "end": "5"})
    assert len(asked) == 1
