"""The log: events wait, join in an order nobody chose, and can be proven ever after."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from extensions.judicial_record.proof import jws, keys, log_proof, public_log
from extensions.judicial_record.proof.keyset import keyset
from extensions.judicial_record.proof.reasons import Doubt
from fhir_server.fhir.errors import Conflict, Invalid, NotFound
from fhir_server.store.records import Records
from tests.extensions.judicial_record.proof.issuing import T0


def event(number):
    return log_proof.event("issued", f"body {number}".encode())


def waiting(records, numbers):
    for number in numbers:
        public_log.append(records, f"issued/{number}", event(number))


def proven(ring, number):
    proof = public_log.inclusion(ring, f"issued/{number}")
    return log_proof.check_inclusion(proof, keyset(keys.published(ring)), event(number))


def head(ring):
    return log_proof.read_head(public_log.head(ring), keyset(keys.published(ring)))


def test_an_event_waits_and_then_is_proven(ring):
    waiting(ring.records, range(5))
    with pytest.raises(Conflict):
        public_log.inclusion(ring, "issued/3")
    assert public_log.seal(ring.records) == 5
    assert {proven(ring, number).size for number in range(5)} == {5}
    with pytest.raises(NotFound):
        public_log.inclusion(ring, "issued/5")


def test_the_same_event_is_kept_once_and_another_of_its_id_refused(ring):
    for _ in range(2):
        waiting(ring.records, [1])
        assert public_log.seal(ring.records) == 1
    with pytest.raises(Conflict):
        public_log.append(ring.records, "issued/1", event(2))


def test_every_later_log_begins_with_every_earlier(ring):
    heads = [head(ring)]
    for start, end in ((0, 3), (3, 4), (4, 11), (11, 20)):
        waiting(ring.records, range(start, end))
        public_log.seal(ring.records)
        heads.append(head(ring))
    assert [one.size for one in heads] == [0, 3, 4, 11, 20]
    for at, old in enumerate(heads):
        for new in heads[at:]:
            path = public_log.consistency(ring.records, old.size, new.size)
            log_proof.check_consistency(old, new, path)
    log_proof.check_leaves(heads[-1], public_log.leaves(ring.records, 0, 20))
    with pytest.raises(Doubt):
        log_proof.check_consistency(heads[1], heads[-1], [])


def test_a_leaf_changed_in_the_database_is_found_by_who_kept_an_old_head(ring):
    waiting(ring.records, range(6))
    public_log.seal(ring.records)
    old = head(ring)
    waiting(ring.records, range(6, 9))
    other = ring.records.get("log_nodes", "0/1")["hash"]
    ring.records.change("log_nodes", {"_id": "0/5"}, {"hash": other})
    ring.records.change("log_nodes", {"_id": "1/2"}, {"hash": other})
    public_log.seal(ring.records)
    path = public_log.consistency(ring.records, 6, 9)
    with pytest.raises(Doubt):
        log_proof.check_consistency(old, head(ring), path)


def test_many_who_append_and_seal_at_once_make_one_log(ring, mongodb_uri):
    others = [Records.open(mongodb_uri, ring.records.database.name) for _ in range(4)]

    def work(at):
        for number in range(at, 40, 4):
            waiting(others[at], [number])
            if number % 3 == 0:
                public_log.seal(others[at])
        return public_log.seal(others[at])

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    for one in others:
        one.close()
    assert public_log.seal(ring.records) == 40
    rows = ring.records.find("log_events", {})
    assert sorted(row["index"] for row in rows) == list(range(40))
    assert all(proven(ring, number).size == 40 for number in range(40))
    log_proof.check_leaves(head(ring), public_log.leaves(ring.records, 0, 40))


@pytest.mark.parametrize("stop", range(10))
def test_a_process_that_dies_while_it_seals_is_taken_over(ring, monkeypatch, stop):
    waiting(ring.records, range(3))
    left = iter(range(stop))

    class DiedError(Exception):
        pass

    def dying(write):
        def tried(*args):
            if next(left, None) is None:
                raise DiedError
            return write(*args)

        return tried

    with monkeypatch.context() as patch:
        for name in ("insert", "change"):
            patch.setattr(ring.records, name, dying(getattr(ring.records, name)))
        with pytest.raises(DiedError):
            public_log.seal(ring.records)
    waiting(ring.records, range(3, 5))
    assert public_log.seal(ring.records) == 5
    assert all(proven(ring, number).size == 5 for number in range(5))


def test_the_place_of_an_event_does_not_tell_when_in_its_minute_it_came(ring):
    waiting(ring.records, range(30))
    public_log.seal(ring.records)
    places = {
        row["_id"].partition("/")[2]: row["index"] for row in ring.records.find("log_events", {})
    }
    for order in (sorted(places), sorted(places, key=int)):
        assert [places[number] for number in order] != list(range(30))


def test_a_head_tells_the_minute_and_a_leaf_tells_nothing(ring):
    ring.clock.second = T0 + 59
    waiting(ring.records, [1])
    public_log.seal(ring.records)
    assert head(ring).issued == T0
    salt = jws.decoded(public_log.inclusion(ring, "issued/1")["salt"])
    assert len(salt) == 32
    waiting(ring.records, [2])
    public_log.seal(ring.records)
    one, two = (ring.records.get("log_events", f"issued/{number}") for number in (1, 2))
    assert one["salt"] != two["salt"]


def test_a_batch_is_bounded_and_the_rest_follows_at_once(ring, monkeypatch):
    monkeypatch.setattr(public_log, "MOST", 4)
    monkeypatch.setattr(public_log, "LEAVES", 4)
    waiting(ring.records, range(10))
    assert public_log.seal(ring.records) == 10
    assert len(public_log.leaves(ring.records, 2, 10)) == 4


@pytest.mark.parametrize(("first", "second"), [(-1, 2), (2, 1), (0, 4)])
def test_a_range_the_log_does_not_have_is_refused(ring, first, second):
    waiting(ring.records, range(3))
    public_log.seal(ring.records)
    for ask in (public_log.consistency, public_log.leaves):
        with pytest.raises(Invalid):
            ask(ring.records, first, second)
