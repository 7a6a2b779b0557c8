"""The canned database of the bench: what the driver asks of it, it answers from memory."""

import asyncio
from uuid import uuid4

import pymongo
import pytest
from pymongo import AsyncMongoClient

from benchmarks.canned import Canned, by_id


@pytest.fixture
async def database():
    server = await asyncio.start_server(Canned().serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with AsyncMongoClient(f"mongodb://127.0.0.1:{port}/?directConnection=true") as client:
        yield client.test
    server.close()


async def test_the_driver_finds_it_alive(database):
    assert (await database.command("ping"))["ok"] == 1.0


async def test_a_document_that_was_written_is_found_by_its_id(database):
    await database.things.insert_many([{"_id": "a", "v": 1, "x": {"y": 2}}, {"_id": "b"}])
    assert await database.things.find_one({"_id": "a"}) == {"_id": "a", "v": 1, "x": {"y": 2}}
    cut = await database.things.find_one({"_id": "a"}, {"x.y": 1})
    assert cut == {"_id": "a", "x": {"y": 2}}
    found = await database.things.find({"_id": {"$in": ["b", "c", "a"]}}).to_list()
    assert [row["_id"] for row in found] == ["b", "a"]


async def test_a_transaction_replaces_and_deletes(database):
    await database.things.insert_many([{"_id": "a", "v": 1}, {"_id": "b", "v": 1}])
    async with database.client.start_session() as session, await session.start_transaction():
        writes = [pymongo.ReplaceOne({"_id": "a", "v": 1}, {"_id": "a", "v": 2})]
        writes += [pymongo.DeleteOne({"_id": "b"})]
        await database.things.bulk_write(writes, session=session)
    assert await database.things.find({"_id": {"$in": ["a", "b"]}}).to_list() == [
        {"_id": "a", "v": 2}
    ]


async def test_a_question_nobody_taught_it_has_an_empty_answer(database):
    assert await database.things.find({"colour": "red"}).to_list() == []
    assert await (await database.things.aggregate([{"$match": {}}])).to_list() == []
    assert await database.things.distinct("colour") == []


async def test_what_was_learnt_is_known_however_it_is_asked(mongodb_uri):
    name = f"test_{uuid4().hex}"
    async with AsyncMongoClient(mongodb_uri) as client:
        await client[name].things.insert_one({"_id": "a", "v": 1})
        canned = Canned(client)
        asked = {"find": "things", "filter": {"v": 1}, "limit": 2, "$db": name}
        await canned.answer({**asked, "batchSize": 3})
        canned.learns = False
        other = {"find": "things", "limit": 2, "singleBatch": True, "filter": {"v": 1}, "$db": name}
        (row,) = (await canned.answer(other))["cursor"]["firstBatch"]
        assert row["_id"] == "a"
        await client.drop_database(name)


@pytest.mark.parametrize(
    ("filter_", "ids"),
    [
        ({"_id": "a"}, ["a"]),
        ({"_id": {"$in": ["a", "b"]}, "v": 1}, ["a", "b"]),
        ({"$and": [{"v": 1}, {"_id": "a"}]}, ["a"]),
        ({"_id": {"$gt": "a"}}, None),
        ({"v": 1}, None),
    ],
)
def test_ids_are_read_from_a_filter(filter_, ids):
    assert by_id(filter_) == ids
