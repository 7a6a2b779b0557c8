"""Sealing at rest: what opens, what does not, and keys that change while others read and write."""

import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymongo import MongoClient

from fhir_server.fhir.errors import Gone, Unavailable, Unreadable
from fhir_server.store.encryption import COLLECTION, FRESH, Encryption
from fhir_server.store.key_file import Keys, keep, keys_of, renewed

PLACE = "JudicialRecordCertificate/1/1"


@pytest.fixture
def database(mongodb_uri):
    name = f"test_{uuid4().hex}"
    with MongoClient(mongodb_uri) as client:
        yield client[name]
        client.drop_database(name)


@pytest.fixture
def keys() -> Keys:
    return renewed(None, "first")


@pytest.fixture
def encryption(database, keys) -> Encryption:
    return Encryption(database, lambda: keys)


def test_what_is_shut_opens_for_its_subject_and_its_place(encryption):
    sealed = encryption.shut("Person/1", PLACE, b"a plain body")
    assert b"plain" not in sealed
    assert encryption.open("Person/1", PLACE, sealed) == b"a plain body"


@pytest.mark.parametrize(
    ("subject", "place"),
    [("Person/2", PLACE), ("", PLACE), ("Person/1", "JudicialRecordCertificate/1/2"),
     ("Person/1", "JudicialRecordCertificate/2/1"), ("Person/1", "Task/1/1")],
)  # fmt: skip
def test_what_was_moved_does_not_open_and_tells_nothing(encryption, caplog, subject, place):
    sealed = encryption.shut("Person/1", PLACE, b"a plain body")
    encryption.shut(subject, place, b"another")
    with pytest.raises(Unreadable) as failed, caplog.at_level(logging.ERROR, "fhir_server"):
        encryption.open(subject, place, sealed)
    assert failed.value.status == 500
    told = str(failed.value) + caplog.text
    assert "Person" not in told
    assert "plain" not in told


def test_no_single_changed_byte_opens(encryption):
    sealed = encryption.shut("", PLACE, b"body")
    for number in range(len(sealed)):
        changed = bytearray(sealed)
        changed[number] ^= 1
        with pytest.raises(Unreadable):
            encryption.open("", PLACE, bytes(changed))
    for length in range(len(sealed)):
        with pytest.raises(Unreadable):
            encryption.open("", PLACE, sealed[:length])


def test_to_open_makes_no_key(encryption, database):
    sealed = encryption.shut("Person/1", PLACE, b"")
    with pytest.raises(Unreadable):
        encryption.open("Person/2", PLACE, sealed)
    assert [row["_id"] for row in database[COLLECTION].find()] == ["Person/1"]


def test_the_database_has_no_key_that_opens(encryption, database, keys):
    encryption.shut("Person/1", PLACE, b"body")
    row = database[COLLECTION].find_one({"_id": "Person/1"})
    assert set(row) == {"_id", "kek", "wrapped"}
    other = Encryption(database, lambda: Keys("first", {"first": bytes(32)}, keys.blind))
    with pytest.raises(Unreadable):
        other.shut("Person/1", PLACE, b"body")


def test_a_data_key_moved_to_another_subject_does_not_open(encryption, database, keys):
    sealed = encryption.shut("Person/1", PLACE, b"body")
    row = database[COLLECTION].find_one({"_id": "Person/1"})
    database[COLLECTION].insert_one(row | {"_id": "Person/2"})
    with pytest.raises(Unreadable):
        Encryption(database, lambda: keys).open("Person/2", PLACE, sealed)


def test_many_that_meet_a_subject_first_share_one_key(database, keys):
    several = [Encryption(database, lambda: keys) for _ in range(8)]
    ready = threading.Barrier(len(several))

    def shut(one: Encryption) -> bytes:
        ready.wait()
        return one.shut("Person/1", PLACE, b"body")

    with ThreadPoolExecutor(len(several)) as pool:
        sealed = list(pool.map(shut, several))
    fresh = Encryption(database, lambda: keys)
    assert {fresh.open("Person/1", PLACE, one) for one in sealed} == {b"body"}


def test_keys_are_loaded_in_one_question(database, keys, encryption):
    names = [f"Person/{number}" for number in range(150)]
    sealed = {name: encryption.shut(name, PLACE, name.encode()) for name in names[:120]}
    fresh = Encryption(database, lambda: keys)
    assert fresh.unknown(names) == set(names)
    fresh.load(names)
    assert fresh.unknown(names) == set(names[120:])
    assert all(fresh.open(name, PLACE, one) == name.encode() for name, one in sealed.items())


def test_a_forgotten_subject_is_gone_everywhere_within_a_minute(database, keys, encryption):
    now = [0.0]
    other = Encryption(database, lambda: keys, clock=lambda: now[0])
    sealed = other.shut("Person/1", PLACE, b"body")
    kept = other.shut("Person/2", PLACE, b"body")
    assert encryption.open("Person/1", PLACE, sealed) == b"body"
    assert encryption.forget("Person/1")
    assert not encryption.forget("Person/1")
    assert not encryption.forget("Person/3")
    for subject in ("Person/1", "Person/3"):
        with pytest.raises(Gone):
            encryption.shut(subject, PLACE, b"body")
    with pytest.raises(Gone):
        encryption.open("Person/1", PLACE, sealed)
    now[0] += FRESH + 1
    other.load(["Person/1"])
    with pytest.raises(Gone):
        other.open("Person/1", PLACE, sealed)
    assert other.open("Person/2", PLACE, kept) == b"body"


def test_keys_change_while_others_read_and_write(database, tmp_path):
    path = tmp_path / "keys.json"
    keep(renewed(None, "first"), path)
    serving = Encryption(database, partial(keys_of, path), fresh=0.0)
    sealed = {f"Person/{n}": serving.shut(f"Person/{n}", PLACE, b"body") for n in range(250)}
    stop, wrong = threading.Event(), []

    def serve() -> None:
        number = 0
        while not stop.is_set():
            name, new = f"Person/{number % 250}", f"Person/new-{number}"
            opened = serving.open(name, PLACE, sealed[name])
            sealed[new] = serving.shut(new, PLACE, b"body")
            wrong.extend([name] if opened != b"body" else [])
            number += 1

    with ThreadPoolExecutor(1) as pool:
        served = pool.submit(serve)
        keep(renewed(keys_of(path), "second"), path)
        steps: list[tuple[int, int]] = []
        Encryption(database, partial(keys_of, path)).rewrap(lambda *step: steps.append(step))
        stop.set()
        served.result()
    assert not wrong
    assert steps[-1][0] == steps[-1][1] >= 250
    Encryption(database, partial(keys_of, path)).rewrap()
    new = keys_of(path)
    keep(Keys("second", {"second": new.keys["second"]}, new.blind), path)
    later = Encryption(database, partial(keys_of, path))
    assert {later.open(name, PLACE, one) for name, one in sealed.items()} == {b"body"}


def test_a_key_file_that_breaks_while_serving_is_told_as_unavailable(database, keys):
    broken = False

    def told() -> Keys:
        if broken:
            raise ValueError("The key file is no JSON object.")
        return keys

    encryption = Encryption(database, told)
    sealed = encryption.shut("Person/1", PLACE, b"body")
    broken = True
    assert encryption.open("Person/1", PLACE, sealed) == b"body"
    with pytest.raises(Unavailable):
        encryption.shut("Person/2", PLACE, b"body")


def test_no_nonce_comes_twice(encryption):
    nonces = {encryption.shut("", PLACE, b"")[1:13] for _ in range(100_000)}
    assert len(nonces) == 100_000


def test_what_is_blinded_is_the_same_only_for_the_same_kind_and_text(database, keys, encryption):
    found = {
        encryption.blind(kind, value)
        for kind in ("identifier", "name:exact", "")
        for value in ("", "099", "099000000001", "identifier\x00099")
    }
    assert len(found) == 12
    assert {len(one) for one in found} == {22}
    again = Encryption(database, lambda: keys)
    assert again.blind("identifier", "099") == encryption.blind("identifier", "099")
    other = Encryption(database, lambda: renewed(None, "first"))
    assert other.blind("identifier", "099") != encryption.blind("identifier", "099")


def test_composed_and_decomposed_letters_are_blinded_alike(encryption):
    composed, decomposed = "NGUY\u1ec4N", "NGUYE\u0302\u0303N"
    assert encryption.blind("name", composed) == encryption.blind("name", decomposed)


def test_every_body_comes_back(mongodb_uri, keys):
    name = f"test_{uuid4().hex}"
    with closing(Encryption.over(mongodb_uri, name, lambda: keys)) as encryption:

        @given(st.sampled_from(["", "Person/1", "Người/\0"]), st.text(), st.binary(max_size=500))
        def comes_back(subject: str, place: str, body: bytes) -> None:
            assert encryption.open(subject, place, encryption.shut(subject, place, body)) == body

        comes_back()
        with MongoClient(mongodb_uri) as client:
            client.drop_database(name)
