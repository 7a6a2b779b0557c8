"""A document is kept by a lane, and by the driver where that is unsure: it is there, and once."""

from contextlib import suppress

import pymongo
import pytest
from bson import ObjectId
from pymongo.errors import DuplicateKeyError, NetworkTimeout

from fhir_server.store.finding import find
from fhir_server.store.keeping import keep
from tests.store.hostile import message
from tests.store.lanes.laned import ready


async def kept(database):
    document = {"_id": ObjectId(), "a": 1}

    async def driven():
        with suppress(DuplicateKeyError):
            await database.audit_waiting.insert_one(document)

    await keep(database, "audit_waiting", [document], driven)


async def test_a_document_is_kept_by_a_lane(database, server):
    await kept(database)
    await ready(database, server)
    await kept(database)
    assert server.asked == [("lane", "insert")]


ODD = {
    "hung up": None,
    "refused": {"ok": 0.0, "code": 13435, "errmsg": "no"},
    "not written": {"ok": 1.0, "n": 0, "writeErrors": [{"index": 0, "code": 1, "errmsg": "no"}]},
    "on one disk": {"ok": 1.0, "n": 1, "writeConcernError": {"code": 64, "errmsg": "late"}},
}


@pytest.mark.parametrize("odd", ODD)
async def test_where_it_is_unsure_the_driver_keeps_it(odd, database, server):
    await ready(database, server)
    server.answer = lambda number, _: ODD[odd] and message(number, ODD[odd])
    await kept(database)
    assert server.asked == [("lane", "insert"), ("driver", "insert")]
    assert database.client.lanes._free == []


async def test_silence_is_told_in_time(database, server):
    await ready(database, server)
    server.answer = lambda *_: b""
    with pymongo.timeout(0.3), pytest.raises(NetworkTimeout):
        await kept(database)
    assert server.asked == [("lane", "insert")]


async def test_what_was_kept_before_its_answer_was_lost_is_there_once(store):
    database, lanes = store.database, store.database.client.lanes
    lane = await ready(database)

    async def lost(*_):
        await read(*_)
        raise OSError

    read = lane.wire.read
    lane.wire = lane.wire._replace(read=lost)
    await kept(database)
    assert lane.ended
    assert lanes._free == []
    assert len(await find(database, "audit_waiting", {"a": 1}, None)) == 1
