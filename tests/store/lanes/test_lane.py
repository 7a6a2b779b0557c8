"""A lane answers as the driver would, and whatever is odd on it is asked of the driver, once."""

import asyncio
import gc
import struct
import time

import bson
import pymongo
import pytest
from pymongo import monitoring
from pymongo.errors import ExecutionTimeout, NetworkTimeout

from fhir_server.store import finding
from fhir_server.store import lane as lane_
from fhir_server.store.client import connect, opened
from fhir_server.store.finding import find
from fhir_server.store.records import Reading
from fhir_server.store.relations import Relations
from tests.store.hostile import HEAD, hostile, message, rows
from tests.store.lanes.laned import ALL, asked, ready


async def test_the_first_question_opens_a_lane_and_the_next_goes_by_it(database, server):
    assert await asked(database) == ["driver"]
    one = await ready(database, server)
    assert await asked(database) == ["lane"]
    assert await asked(database) == ["lane"]
    assert server.asked == [("lane", "find")] * 2
    assert database.client.lanes._free == [one]


def _half(number, _):
    whole = message(number, rows("lane"))
    return whole[: len(whole) // 2]


ODD = {
    "hung up": lambda *_: None,
    "half an answer": _half,
    "garbage": lambda *_: b"HTTP/1.1 400 Bad Request\r\n\r\n" * 9,
    "the answer to another question": lambda number, _: message(number + 7, rows("lane")),
    "an opcode of old": lambda number, _: message(number, rows("lane"), code=1),
    "more to come": lambda number, _: message(number, rows("lane"), flags=2),
    "no document": lambda number, _: HEAD.pack(30, 1, number, 2013) + b"\0" * 14,
    "a document cut short": lambda number, _: (
        HEAD.pack(26, 1, number, 2013) + struct.pack("<iBiB", 0, 0, 90, 2)
    ),
    "compressed, and not": lambda number, _: HEAD.pack(30, 1, number, 2012) + b"\1" * 14,
    "no cursor": lambda number, _: message(number, {"ok": 1.0}),
    "nothing": lambda number, _: message(number, {}),
    "too long": lambda number, _: HEAD.pack(2**31 - 1, 1, number, 2013) + b"\0" * 99,
    "no primary": lambda number, _: message(number, {"ok": 0.0, "code": 13435, "errmsg": "no"}),
    "shutting down": lambda number, _: message(number, {"ok": 0.0, "code": 91, "errmsg": "no"}),
}


@pytest.mark.parametrize("odd", ODD)
async def test_what_is_odd_is_asked_of_the_driver_once_and_the_lane_is_gone(odd, database, server):
    await ready(database, server)
    server.answer = ODD[odd]
    async with asyncio.timeout(30):
        if odd == "half an answer":
            with pymongo.timeout(0.3), pytest.raises(NetworkTimeout):
                await asked(database)
        else:
            assert await asked(database) == ["driver"]
            assert server.asked == [("lane", "find"), ("driver", "find")]
    assert database.client.lanes._free == []
    # No other is opened at once, and the driver goes on.
    assert await asked(database) == ["driver"]
    assert not database.client.lanes._opening


async def test_a_second_answer_to_one_question_is_never_that_of_the_next(database, server):
    await ready(database, server)
    server.answer = lambda number, _: message(number, rows("one")) + message(number, rows("ghost"))
    assert await asked(database) == ["one"]
    assert await asked(database) == ["driver"]


async def _waiting(database, server, row):
    """Give a find the server has heard of, and what it waits for before it answers with a row."""
    came, go = asyncio.Event(), asyncio.Event()

    async def slow(number):
        came.set()
        await go.wait()
        return message(number, rows(row))

    server.answer = lambda number, _: slow(number)
    task = asyncio.create_task(asked(database))
    await came.wait()
    return task, go


async def test_who_goes_away_takes_the_lane_along(database, server):
    one = await ready(database, server)
    task, go = await _waiting(database, server, "of who went away")
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    go.set()
    server.answer = None
    assert await asked(database) == ["driver"]
    assert one not in database.client.lanes._free
    await ready(database)
    assert await asked(database) == ["lane"]


async def test_a_question_that_waits_holds_up_no_other(database, server):
    await ready(database, server)
    task, go = await _waiting(database, server, "slow")
    assert await asked(database) == ["driver"]
    go.set()
    assert await task == ["slow"]


async def test_a_search_that_takes_too_long_is_told_by_the_database_and_keeps_the_lane(
    database, server
):
    one = await ready(database, server)
    limits = []

    def late(number, command):
        limits.append(command["maxTimeMS"])
        return message(number, {"ok": 0.0, "code": 50, "errmsg": "operation exceeded time limit"})

    server.answer = late
    with pymongo.timeout(2), pytest.raises(ExecutionTimeout) as error:
        await asked(database)
    assert error.value.timeout
    assert 1000 < limits[0] <= 2000
    assert server.asked == [("lane", "find")]
    assert database.client.lanes._free == [one]


async def test_a_silent_database_is_told_after_the_time_there_is_and_not_asked_again(
    database, server
):
    await ready(database, server)
    server.answer = lambda *_: b""
    with pymongo.timeout(0.05), pytest.raises(NetworkTimeout):
        await asked(database)
    assert server.asked == [("lane", "find")]
    assert database.client.lanes._free == []


@pytest.mark.parametrize("size", [10, 8_000_000])
async def test_an_answer_that_came_while_the_loop_was_held_is_in_time(size, database, server):
    one = await ready(database, server)
    began = asyncio.Event()

    def answer(number, _):
        began.set()
        batch = {"firstBatch": [{"_id": "x" * size}], "id": bson.Int64(0), "ns": "health.Patient"}
        return message(number, {"cursor": batch, "ok": 1.0})

    server.answer = answer
    with pymongo.timeout(0.2):
        asking = asyncio.create_task(asked(database))
    await began.wait()
    time.sleep(0.5)  # noqa: ASYNC251 - that is what is tried
    assert await asking == ["x" * size]
    server.answer = None
    assert await asked(database) == ["lane"]
    assert database.client.lanes._free == [one]


async def test_a_question_asked_before_the_loop_is_held_is_answered(database, server):
    one = await ready(database, server)
    with pymongo.timeout(0.2):
        asking = asyncio.create_task(asked(database))
    await asyncio.sleep(0)
    time.sleep(0.5)  # noqa: ASYNC251 - as above
    assert await asking == ["lane"]
    assert database.client.lanes._free == [one]


async def test_a_cursor_is_followed_to_its_end_or_ended(database, server):
    await ready(database, server)

    def batches(number, command):
        if "find" in command:
            return message(number, rows("a", cursor=7))
        if "killCursors" in command:
            assert command["cursors"] == [7]
            return message(number, {"ok": 1.0})
        assert command["getMore"] == 7
        return message(number, rows("b", batch="nextBatch"))

    server.answer = batches
    assert await asked(database) == ["a", "b"]
    server.asked.clear()
    found = await find(database, "Patient", ALL, None, size=-1)
    assert found == [{"_id": "a"}]
    assert server.asked == [("lane", "find"), ("lane", "killCursors")]


async def test_a_lane_to_what_is_no_longer_the_primary_is_not_used(database, server):
    one = await ready(database, server)
    one.wire = one.wire._replace(current=lambda: False)
    assert await asked(database) == ["driver"]
    assert one not in database.client.lanes._free


async def test_what_is_too_long_goes_by_the_driver(database, server):
    await ready(database, server)
    filter_ = {"_id": {"$in": ["x" * lane_.MOST_ASKED]}}
    assert await find(database, "Patient", filter_, None) == [{"_id": "driver"}]
    assert len(database.client.lanes._free) == 1


async def test_what_cannot_be_asked_is_told_and_the_lane_stays(database, server):
    await ready(database, server)
    with pytest.raises(bson.errors.InvalidDocument):
        await find(database, "Patient", {"_id": object()}, None)
    assert await asked(database) == ["lane"]


async def _never(database):
    for _ in range(3):
        assert await asked(database) == ["driver"]
        await asyncio.gather(*database.client.lanes._held)
    assert database.client.lanes._free == []
    await database.client.close()


async def test_a_secondary_has_no_lane(server):
    none = {"isWritablePrimary": False, "ismaster": False, "secondary": True}
    server.hello |= {"setName": "rs", "hosts": [], **none}
    await _never(opened(server.uri, "health"))


async def test_a_mongos_is_sent_what_a_primary_is_and_no_preference(server):
    server.hello |= {"msg": "isdbgrid"}
    database = opened(server.uri, "health")
    await ready(database, server)
    sent = []

    def answer(number, command):
        sent.append(command)
        return message(number, rows("lane"))

    server.answer = answer
    assert await asked(database) == ["lane"]
    assert await asked(database, limit=2, sort=[("_id", 1)]) == ["lane"]
    always = {"find", "filter", "projection", "batchSize", "readConcern", "maxTimeMS", "$db"}
    assert [one.keys() - always for one in sent] == [set(), {"limit", "sort"}]
    assert always <= sent[0].keys() & sent[1].keys()
    await database.client.close()


async def test_of_two_mongos_the_one_that_fails_takes_its_own_lanes_along():
    async with hostile() as (one, first), hostile() as (other, second):
        one.hello |= {"msg": "isdbgrid"}
        other.hello |= {"msg": "isdbgrid"}
        at = [uri.removeprefix("mongodb://").partition("/")[0] for uri in (first, second)]
        database = opened(f"mongodb://{','.join(at)}/?localThresholdMS=60000", "health")
        free, taken = database.client.lanes._free, []
        # The driver chooses: whichever has fewer of its connections out.
        while len({lane.wire.server for lane in taken}) < 2:
            taken.append(await ready(database))
            free.clear()
        free += taken
        failing = taken[-1].wire.server
        assert failing[1] in (int(told.partition(":")[2]) for told in at)
        await _hang_up(database, one if at[0].endswith(f":{failing[1]}") else other)
        left = database.client.lanes._free
        assert left == [lane for lane in taken if lane.wire.server != failing]
        assert await asked(database) == ["lane"]
        await database.client.close()


async def _hang_up(database, server):
    server.asked.clear()
    server.answer = lambda *_: None
    assert await asked(database) == ["driver"]
    assert ("lane", "find") in server.asked


async def test_what_decides_access_and_records_go_by_it(database, server):
    await ready(database, server)
    relations = Relations(database, 0.0)
    await relations.patients_of("Observation", ["one"], past=True)
    await relations.patients_with(["system|value"])
    assert await relations.held(["Practitioner/one"], ["two"]) == [{"_id": "lane"}]
    records = Reading(database)
    assert await records.find("clients", {"status": "active"}) == [{"_id": "lane"}]
    assert await records.get("clients", "lane") == {"_id": "lane"}
    assert server.asked == [("lane", "find")] * 7


async def test_none_are_opened_where_none_are_wanted(server):
    await _never(opened(server.uri, "health", 0))


async def test_none_are_opened_where_commands_are_listened_to(server, monkeypatch):
    class Listener(monitoring.CommandListener):
        started = succeeded = failed = lambda *_: None

    listeners = monitoring._Listeners([Listener()], [], [], [], [])
    monkeypatch.setattr(monitoring, "_LISTENERS", listeners)
    await _never(opened(server.uri, "health"))


@pytest.mark.parametrize(
    "name",
    [
        "pymongo.AsyncMongoClient._conn_for_reads",
        "pymongo.network_layer.PyMongoProtocol.read",
        "pymongo._csot.remaining",
        "pymongo.pool_shared._AgnosticBasePool.stale_generation",
    ],
)
async def test_a_driver_without_the_names_has_no_lane_and_says_so(
    server, monkeypatch, caplog, name
):
    database = opened(server.uri, "health")
    lanes = database.client.lanes
    await database.command("ping")
    with monkeypatch.context() as other:
        other.delattr(name)
        assert lanes._at_hand() is None
        await asyncio.gather(*lanes._held)
    assert "no lane" in caplog.text
    await _never(database)


async def test_lanes_are_closed_with_the_client(database, server):
    one = await ready(database, server)
    await database.client.close()
    assert not database.client.lanes._held
    assert one.wire.abort.__self__.is_closing()


async def test_what_is_being_opened_at_the_end_leaves_no_socket(server, recwarn):
    for turns in range(30):
        database = opened(server.uri, "health")
        database.client.lanes._at_hand()
        for _ in range(turns):
            await asyncio.sleep(0)
        await database.client.close()
    gc.collect()
    assert not [one for one in recwarn if issubclass(one.category, ResourceWarning)]


async def test_both_ways_find_the_same(store):
    people = store.database["Patient"]
    await people.insert_many([{"_id": f"p{n}", "n": n % 3, "body": b"x" * 10} for n in range(9)])
    how = {"sort": [("n", -1), ("_id", 1)], "limit": 7}
    wanted = {"_id": {"$gt": "p0"}}, {"n": 1, "body": 1}
    driven = await find(store.database, "Patient", *wanted, **how)
    one = await ready(store.database)
    before = one._number
    assert await find(store.database, "Patient", *wanted, **how) == driven
    assert one._number == before + 1
    assert len(driven) == 7


async def test_a_cursor_of_the_database_is_followed(store, monkeypatch):
    monkeypatch.setattr(finding, "BATCH", 2)
    monkeypatch.setattr(lane_, "BATCH", 3)
    await store.database["Patient"].insert_many([{"_id": f"p{n}"} for n in range(9)])
    one = await ready(store.database)
    assert sorted(await asked(store.database)) == [f"p{n}" for n in range(9)]
    assert one._number > 1


async def test_a_transaction_reads_by_its_session(store):
    await store.database["Patient"].insert_one({"_id": "there"})
    one = await ready(store.database)
    before = one._number
    async with store.database.client.start_session() as session:
        await session.start_transaction()
        await store.database["Patient"].insert_one({"_id": "mine"}, session=session)
        found = await asked(store.database, session=session)
        await session.abort_transaction()
    assert sorted(found) == ["mine", "there"]
    assert one._number == before


async def test_the_client_is_still_one_of_the_driver():
    assert isinstance(connect("mongodb://127.0.0.1:1/"), pymongo.AsyncMongoClient)
