"""A job is its caller's: the same client for the same user, judged again when it is run."""

from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from msgspec import structs

from fhir_server.access.caller import Caller, Part, Reach
from fhir_server.fhir import json
from fhir_server.fhir.errors import NotFound
from fhir_server.fhir.exchange import FhirRequest
from fhir_server.interactions import table
from fhir_server.interactions.context import Target
from fhir_server.jobs import queue, request
from fhir_server.jobs.worker import Worker, working
from fhir_server.operations.async_status import status
from tests.jobs.working import ended, worked

READ = FhirRequest("GET", "Patient/a")
APP = Caller("app", client="app", user="Practitioner/1", scopes=("user/Patient.rs",))
REACH = Reach({"user": Part(frozenset({"a"}))})


def seen_by(fhir, caller):
    return fhir.context.but(caller=caller)


async def entry(context, id_):
    """Give the status and the outcome of a job's one request."""
    answer = await ended(context, id_)
    return answer.status, json.parse(answer.body)


@pytest.mark.parametrize("other", [{"client": "other"}, {"user": "Practitioner/2"}, {"user": ""}])
async def test_a_job_is_not_there_for_another_client_or_user(fhir, other):
    id_ = await request.put(seen_by(fhir, APP), READ)
    stranger = seen_by(fhir, replace(APP, **other))
    for method in ("GET", "DELETE"):
        asked = FhirRequest(method, "$async-status", (("job", id_),))
        with pytest.raises(NotFound) as hidden:
            await status(stranger, asked, Target())
        unknown = structs.replace(asked, parameters=(("job", "0"),))
        with pytest.raises(NotFound) as absent:
            await status(stranger, unknown, Target())
        assert str(hidden.value).replace(id_, "0") == str(absent.value)
    assert await queue.find(seen_by(fhir, APP), id_)


async def test_another_token_of_the_same_client_and_user_finds_it(fhir):
    id_ = await request.put(seen_by(fhir, replace(APP, token="1")), READ)
    assert await queue.find(seen_by(fhir, replace(APP, token="2", grant="g")), id_)


async def test_what_a_job_reaches_is_looked_up_when_it_is_run(fhir):
    await fhir.put("Patient/a", {"resourceType": "Patient", "id": "a"})
    context = seen_by(fhir, replace(APP, reach=REACH, facilities=frozenset({"99001"})))
    id_ = await request.put(context, READ)
    found = await queue.find(context, id_)
    assert found
    assert found.caller == replace(APP, facilities=frozenset({"99001"}))
    async with worked(fhir.context):
        code, outcome = await entry(context, id_)
    assert (code, outcome["resourceType"]) == (404, "OperationOutcome")


@asynccontextmanager
async def working_until(context, stands):
    kinds = {request.KIND: request.kind(table.build(()))}
    async with working(Worker(context, kinds, 1, standing=stands)):
        yield


async def test_a_job_whose_access_was_revoked_ends_with_a_403(fhir):
    async def revoked(caller):
        assert caller == APP
        return False

    id_ = await request.put(seen_by(fhir, APP), READ)
    async with working_until(fhir.context, revoked):
        code, outcome = await entry(seen_by(fhir, APP), id_)
    assert code == 403
    assert "revoked" in outcome["issue"][0]["diagnostics"]
