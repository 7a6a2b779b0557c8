"""A worker that is killed in the middle of a job: another goes on, and nothing is done twice."""

import asyncio
import os
import sys
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from fhir_server.fhir.exchange import FhirRequest
from fhir_server.jobs import queue, request
from tests.jobs.working import ended

WORKER = Path(__file__).with_name("worker_process.py")
PATIENCE = 60


@asynccontextmanager
async def process(uri, store, where):
    """Run a worker process that stops `where`; it is killed at the end."""
    environment = os.environ | {"PYTHONPATH": str(WORKER.parents[2])}
    told = (uri, store.database.name, where)
    child = await asyncio.create_subprocess_exec(
        sys.executable, WORKER, *told, env=environment, stdout=asyncio.subprocess.PIPE
    )
    try:
        yield child
    finally:
        child.kill()
        await child.wait()


async def killed(uri, store, where):
    """Let a worker come to this place, and kill it there."""
    async with process(uri, store, where) as child:
        line = await asyncio.wait_for(child.stdout.readline(), PATIENCE)
        assert line == b"there\n"
    # The lease of a killed worker runs out; here at once.
    await store.database.jobs.update_many({"state": "running"}, [{"$set": {"due": "$$NOW"}}])


async def test_a_job_goes_on_from_its_checkpoint_and_has_its_effects_once(mongodb_uri, fhir, store):
    id_ = await queue.put(fhir.context, "toy", {})
    await killed(mongodb_uri, store, "step")
    assert (await queue.find(fhir.context, id_)).progress == "two"
    async with process(mongodb_uri, store, "nowhere"):
        await ended(fhir.context, id_)
    effects = await store.database.effects.find({}, {"_id": 0}).sort("_id", 1).to_list()
    assert effects == [
        {"step": "one", "token": 1},
        {"step": "two", "token": 1},
        {"step": "three", "token": 2},
        {"step": "four", "token": 2},
    ]


@pytest.mark.parametrize("bundle", [False, True])
async def test_a_request_that_was_written_but_not_answered_is_not_written_twice(
    mongodb_uri, fhir, store, bundle
):
    body = b'{"resourceType":"Patient","active":true}'
    if bundle:
        body = (
            b'{"resourceType":"Bundle","type":"transaction","entry":[{"resource":%b,'
            b'"request":{"method":"POST","url":"Patient"}}]}' % body
        )
    asked = FhirRequest("POST", "" if bundle else "Patient", body=body)
    id_ = await request.put(fhir.context, asked)
    await killed(mongodb_uri, store, "answer")
    assert await fhir.stored() == 1
    async with process(mongodb_uri, store, "nowhere"):
        answer = await ended(fhir.context, id_)
    assert await fhir.stored() == 1
    [patient] = await store.database.Patient.find({}).to_list()
    assert patient["_id"] in answer.body.decode()
