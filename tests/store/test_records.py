"""The small records of the authorization server, on the real wire protocol."""

import time
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest

from fhir_server.store.records import Reading, Records
from tests.records import drop

NOW = int(time.time())


@pytest.fixture
def records(mongodb_uri):
    opened = Records.open(mongodb_uri, f"test_{uuid4().hex}")
    opened.prepare({"codes": ("family",)})
    yield opened
    drop(opened)
    opened.close()


def test_a_record_is_kept_once_and_given_back_with_its_end(records):
    assert records.insert("codes", {"_id": "a", "used": False, "expires": NOW + 60})
    assert not records.insert("codes", {"_id": "a"})
    assert records.get("codes", "a") == {"_id": "a", "used": False, "expires": NOW + 60}


def test_of_many_who_redeem_a_record_exactly_one_gets_it(records):
    records.insert("codes", {"_id": "a", "used": False, "expires": NOW + 60})

    def redeem(_):
        return records.change("codes", {"_id": "a", "used": False}, {"used": True})

    with ThreadPoolExecutor(16) as pool:
        got = [one for one in pool.map(redeem, range(64)) if one]
    assert got == [{"_id": "a", "used": False, "expires": NOW + 60}]


def test_a_family_is_changed_and_removed_as_one(records):
    for name in "abc":
        records.insert("codes", {"_id": name, "family": "x" if name < "c" else "y"})
    assert records.change_all("codes", {"family": "x"}, {"revoked": True}) == 2
    assert [one["_id"] for one in records.find("codes", {"revoked": True})] == ["a", "b"]
    assert records.remove("codes", {"family": "x"}) == 2
    assert [one["_id"] for one in records.find("codes", {})] == ["c"]


def test_a_counter_counts_from_one(records):
    assert [records.count_up("codes", "n", NOW + 60) for _ in range(3)] == [1, 2, 3]


def test_a_counter_counts_all_who_come_at_once(records):
    for name in ("a", "b", "c"):
        with ThreadPoolExecutor(16) as pool:
            counts = pool.map(lambda _: records.count_up("codes", name, NOW + 60), range(16))  # noqa: B023 - the pool ends in the loop
        assert sorted(counts) == list(range(1, 17))


@pytest.mark.parametrize("where", [{"_id": {"$ne": ""}}, {"$where": "1"}, {"_id": ["a"]}])
def test_what_is_asked_for_is_never_an_operator(records, where):
    with pytest.raises(TypeError, match="plain values"):
        records.one("codes", where)


async def test_the_request_path_reads_the_same_records(records, mongodb_uri):
    records.insert("codes", {"_id": "a", "expires": NOW + 60})
    reading = Reading.open(mongodb_uri, records.database.name)
    assert await reading.get("codes", "a") == {"_id": "a", "expires": NOW + 60}
    assert await reading.find("codes", {"_id": "b"}) == []
    await reading.close()


def test_a_counter_counts_all_at_once_and_begins_again_when_it_has_expired(records):
    def count(_):
        records.count("codes", "n", NOW, NOW + 60)

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(count, range(20)))
    assert records.get("codes", "n") == {"_id": "n", "n": 20, "expires": NOW + 60}
    records.count("codes", "n", NOW + 60, NOW + 120)
    assert records.get("codes", "n") == {"_id": "n", "n": 1, "expires": NOW + 120}


def test_several_records_are_kept_and_found_in_one_question(records):
    records.insert_all("codes", [{"_id": one, "expires": NOW} for one in "ab"])
    found = records.several("codes", ["a", "b", "c"])
    assert found == {one: {"_id": one, "expires": NOW} for one in "ab"}
