"""The lease queue: claims in order, leases, fencing tokens, and bytes of any size."""

import asyncio
from uuid import uuid4

import pytest

from fhir_server.store.chunks import SIZE

ANN = {"name": "ann", "owner": "ann"}
KEPT = 3600.0


async def put(store, kind="toy", body=b"", caller=ANN):
    id_ = str(uuid4())
    await store.jobs.put(id_, kind, caller, b'{"a":1}', body)
    return id_


async def claim(store):
    return await store.jobs.claim(["toy"])


async def lapse(store, id_):
    """Let the lease, or the pause, of a job run out."""
    await store.database.jobs.update_one({"_id": id_}, [{"$set": {"due": "$$NOW"}}])


async def finish(store, job, answer=b"answer", token=None):
    token = token or job["token"]
    id_ = job["_id"]
    return await store.jobs.finish(id_, token, "done", head=b"head", body=answer, kept=KEPT)


async def test_jobs_are_claimed_in_order_of_creation(store):
    ids = [await put(store) for _ in range(3)]
    for place, id_ in enumerate(ids):
        # Three in one millisecond have no order.
        moved = [{"$set": {"created": {"$add": ["$created", place]}}}]
        await store.database.jobs.update_one({"_id": id_}, moved)
    assert [(await claim(store))["_id"] for _ in ids] == ids
    assert await claim(store) is None


async def test_a_job_is_claimed_by_one_of_many(store):
    await put(store)
    claims = await asyncio.gather(*(claim(store) for _ in range(8)))
    assert len([one for one in claims if one]) == 1


async def test_a_kind_this_worker_does_not_know_is_left_to_others(store):
    await put(store, "of a later version")
    assert await claim(store) is None


async def test_a_job_whose_lease_ran_out_is_taken_over(store):
    id_ = await put(store)
    first = await claim(store)
    await lapse(store, id_)
    second = await claim(store)
    assert (second["_id"], second["token"], second["attempts"]) == (id_, first["token"] + 1, 2)


async def test_a_worker_that_slept_past_its_lease_has_no_effect(store):
    id_ = await put(store)
    asleep = await claim(store)
    await lapse(store, id_)
    awake = await claim(store)
    old = asleep["token"]
    assert not await store.jobs.renew(id_, old)
    assert not await store.jobs.checkpoint(id_, old, b'{"late":1}', "late", 1)
    assert not await store.jobs.release(id_, old, 0, 0)
    assert not await finish(store, asleep, b"late")
    assert await finish(store, awake, b"in time")
    job = await store.jobs.find(id_, "ann")
    assert await store.jobs.answer(job) == (b"head", b"in time")
    assert not await finish(store, awake, b"twice")


async def test_a_checkpoint_is_there_for_the_next_worker_and_forgives_attempts(store):
    id_ = await put(store)
    for _ in range(3):
        await lapse(store, id_)
        job = await claim(store)
    assert job["attempts"] == 3
    assert await store.jobs.checkpoint(id_, job["token"], b'{"after":"x"}', "half", 50)
    await lapse(store, id_)
    job = await claim(store)
    assert (job["checkpoint"], job["text"], job["percent"]) == (b'{"after":"x"}', "half", 50)
    assert job["attempts"] == 2


async def test_a_released_job_waits_for_its_pause(store):
    id_ = await put(store)
    job = await claim(store)
    assert await store.jobs.release(id_, job["token"], 600, 1)
    assert await claim(store) is None
    await lapse(store, id_)
    assert (await claim(store))["_id"] == id_


@pytest.mark.parametrize("size", [0, SIZE, 2 * SIZE + 1])
async def test_bytes_of_any_size_go_in_and_come_out(store, size):
    body = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
    id_ = await put(store, body=body)
    job = await claim(store)
    assert await store.jobs.body(job) == body
    assert await finish(store, job, body + b"!")
    assert await store.jobs.answer(await store.jobs.find(id_, "ann")) == (b"head", body + b"!")
    left = await store.database.job_pieces.find({"expires": {"$exists": False}}).to_list()
    assert not left


async def test_a_job_belongs_to_its_caller(store):
    id_ = await put(store)
    assert await store.jobs.find(id_, "bob") is None
    assert not await store.jobs.cancel(id_, "bob")
    assert (await store.jobs.waiting("ann"), await store.jobs.waiting("bob")) == (1, 0)


async def test_a_cancelled_job_is_gone_and_its_worker_hears_it(store):
    id_ = await put(store, body=b"x" * (SIZE + 1))
    job = await claim(store)
    assert await store.jobs.cancel(id_, "ann")
    assert not await store.jobs.renew(id_, job["token"])
    assert await store.jobs.find(id_, "ann") is None
    assert not await store.jobs.cancel(id_, "ann")
    assert await store.database.job_pieces.count_documents({}) == 0
    await lapse(store, id_)
    assert await claim(store) is None


async def test_what_ended_expires_by_the_databases_clock(store):
    await put(store)
    job = await claim(store)
    await finish(store, job, b"x" * (SIZE + 1))
    kept = [{"$project": {"expires": 1, "now": "$$NOW"}}]
    rows = [row async for row in await store.database.jobs.aggregate(kept)]
    rows += [row async for row in await store.database.job_pieces.aggregate(kept)]
    assert len(rows) == 3
    assert all(0 < (row["expires"] - row["now"]).total_seconds() <= KEPT for row in rows)
    for name in ("jobs", "job_pieces"):
        indexes = await store.database[name].index_information()
        assert indexes["expires_1"]["expireAfterSeconds"] == 0


async def test_jobs_are_counted_by_state(store):
    for _ in range(3):
        await put(store)
    await finish(store, await claim(store))
    await claim(store)
    assert await store.jobs.count() == {"queued": 1, "running": 1, "done": 1}
