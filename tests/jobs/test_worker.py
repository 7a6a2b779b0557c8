"""The worker: tries again, gives up, gives back, stops what was cancelled, goes on."""

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from fhir_server.access.caller import Caller
from fhir_server.fhir import json
from fhir_server.fhir.errors import Invalid, TooManyRequests, Unavailable
from fhir_server.fhir.exchange import FhirResponse
from fhir_server.jobs import queue, worker
from fhir_server.jobs.worker import Worker, working
from tests.jobs.working import ended, until

OK = FhirResponse(200, b'{"ok":true}', (("ETag", 'W/"1"'),))


@pytest.fixture
def context(fhir):
    return fhir.context


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch):
    monkeypatch.setattr(worker, "_pause", lambda _: 0.0)
    # A worker that is not woken would make the test time out.
    monkeypatch.setattr(worker, "POLL", 3600.0)


@asynccontextmanager
async def works(context, run, *, at_once=1, beat=3600.0):
    async with working(Worker(context, {"toy": run}, at_once, beat=beat)):
        yield


async def state(context, id_):
    row = await context.store.database.jobs.find_one({"_id": id_})
    return row["state"]


async def test_a_job_runs_for_its_caller_and_its_answer_is_kept(context):
    seen = []

    async def run(work):
        seen.append((work.job.input, await work.body(), work.context.caller))
        return OK

    ann = context.but(caller=Caller("ann"))
    id_ = await queue.put(ann, "toy", {"n": 1}, b"body")
    async with works(context, run):
        assert await ended(ann, id_) == OK
    assert seen == [({"n": 1}, b"body", Caller("ann"))]
    assert await queue.find(context, id_) is None


async def test_a_worker_is_woken_by_a_job_of_its_own_process(context):
    async with works(context, answered):
        await until(lambda: asyncio.sleep(0, not context.store.jobs.added.is_set()))
        id_ = await queue.put(context, "toy", {})
        assert (await ended(context, id_)).status == 200


async def answered(_):
    return OK


async def test_an_error_of_fhir_is_the_answer(context):
    async def run(_):
        raise Invalid("This cannot be.")

    id_ = await queue.put(context, "toy", {})
    async with works(context, run):
        answer = await ended(context, id_)
    assert answer.status == 400
    assert json.parse(answer.body)["issue"][0]["diagnostics"] == "This cannot be."
    assert await state(context, id_) == "done"


async def test_a_job_that_always_crashes_is_given_up_with_an_outcome(context):
    tried = []

    async def run(work):
        tried.append(work.job.attempts)
        raise RuntimeError("a secret")

    id_ = await queue.put(context, "toy", {})
    async with works(context, run):
        answer = await ended(context, id_)
    assert tried == [1, 2, 3, 4, 5]
    assert answer.status == 500
    assert id_ in answer.body.decode()
    assert b"secret" not in answer.body
    assert await state(context, id_) == "failed"


async def test_a_job_is_tried_again_while_the_database_is_away(context):
    tried = []

    async def run(_):
        tried.append(1)
        if len(tried) == 1:
            raise Unavailable("away")
        return OK

    id_ = await queue.put(context, "toy", {})
    async with works(context, run):
        assert await ended(context, id_) == OK
    assert len(tried) == 2


async def test_a_worker_that_ends_gives_its_job_back_and_another_goes_on(context):
    started, goes_on = asyncio.Event(), []

    async def run(work):
        goes_on.append((work.job.checkpoint, work.job.attempts))
        if work.job.checkpoint:
            return OK
        await work.checkpoint({"after": "a"}, "half", 50)
        started.set()
        return await asyncio.Future()

    id_ = await queue.put(context, "toy", {})
    async with works(context, run):
        await started.wait()
    assert await state(context, id_) == "queued"
    async with works(context, run):
        assert await ended(context, id_) == OK
    # To be asked to end is no failed attempt.
    assert goes_on == [({}, 1), ({"after": "a"}, 1)]


async def test_a_job_claimed_while_the_worker_ends_is_given_back_untried(context, monkeypatch):
    claim, claimed, ends = context.store.jobs.claim, asyncio.Event(), asyncio.Event()

    async def slow(kinds):
        document = await claim(kinds)
        claimed.set()
        await ends.wait()
        return document

    monkeypatch.setattr(context.store.jobs, "claim", slow)
    id_ = await queue.put(context, "toy", {})
    async with works(context, answered):
        await claimed.wait()
        asyncio.get_running_loop().call_later(0.05, ends.set)
    row = await context.store.database.jobs.find_one({"_id": id_})
    assert (row["state"], row["attempts"], row["token"]) == ("queued", 0, 1)


async def test_a_job_that_cannot_be_read_does_not_end_the_worker(context):
    broken = await queue.put(context, "toy", {})
    await context.store.database.jobs.update_one({"_id": broken}, {"$set": {"caller": "x"}})
    id_ = await queue.put(context, "toy", {})
    async with works(context, answered):
        assert await ended(context, id_) == OK
        await until(lambda: failed(context, broken))


async def failed(context, id_):
    return await state(context, id_) == "failed"


async def test_a_cancelled_job_is_stopped_at_the_next_heartbeat(context):
    started, stopped = asyncio.Event(), asyncio.Event()

    async def run(_):
        started.set()
        try:
            return await asyncio.Future()
        finally:
            stopped.set()

    id_ = await queue.put(context, "toy", {})
    async with works(context, run, beat=0.01):
        await started.wait()
        assert await queue.cancel(context, id_)
        await asyncio.wait_for(stopped.wait(), 30)
    assert await state(context, id_) == "cancelled"


async def test_a_cancelled_job_cannot_note_a_checkpoint(context):
    noted = []

    async def run(work):
        await queue.cancel(context, work.job.id)
        try:
            await work.checkpoint({"n": 1})
        except worker.LostError:
            noted.append("lost")
            raise
        return OK

    id_ = await queue.put(context, "toy", {})
    async with works(context, run):
        await until(lambda: asyncio.sleep(0, noted))
    assert await state(context, id_) == "cancelled"


async def test_no_more_jobs_run_at_once_than_allowed(context):
    running, most, both = [], [], asyncio.Event()

    async def run(work):
        running.append(work.job.id)
        most.append(len(running))
        if len(running) == 2:
            both.set()
        await both.wait()
        running.remove(work.job.id)
        return OK

    ids = [await queue.put(context, "toy", {}) for _ in range(6)]
    async with works(context, run, at_once=2):
        for id_ in ids:
            await ended(context, id_)
    assert max(most) == 2


async def test_a_caller_may_have_only_so_many_jobs_waiting(context):
    few = context.but(limits=replace(context.limits, max_jobs=2))
    first = await queue.put(few, "toy", {})
    await queue.put(few, "toy", {})
    with pytest.raises(TooManyRequests) as refused:
        await queue.put(few, "toy", {})
    assert refused.value.headers[0][0] == "Retry-After"
    await queue.put(few.but(caller=Caller("another")), "toy", {})
    await queue.cancel(few, first)
    await queue.put(few, "toy", {})


async def test_progress_is_told_in_words(context):
    id_ = await queue.put(context, "toy", {})
    assert (await queue.find(context, id_)).progress == "queued"
    row = await context.store.jobs.claim(["toy"])
    await context.store.jobs.checkpoint(id_, row["token"], b"{}", "Patient: 3 of 6", 50)
    assert (await queue.find(context, id_)).progress == "Patient: 3 of 6 (50 %)"
