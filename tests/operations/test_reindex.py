"""`$reindex`: a job over whole types that goes on from its checkpoint and verifies its counts."""

from contextlib import asynccontextmanager
from zoneinfo import ZoneInfo

import pytest

from fhir_server.fhir.exchange import FhirRequest
from fhir_server.interactions.context import Target
from fhir_server.jobs import outdated, queue
from fhir_server.jobs.queue import Job
from fhir_server.jobs.worker import LostError, Work
from fhir_server.operations import reindex
from fhir_server.store import reindex as store_reindex
from fhir_server.store.reindex import Counts
from tests.client import BASE_URL, health, issues
from tests.jobs.working import ended, worked

UTC = ZoneInfo("UTC")


@pytest.fixture
async def worker(fhir):
    async with worked(fhir.context):
        yield


@asynccontextmanager
async def upgraded(store, spec, patients=3):
    """Give the client of a server that indexes in another format than the one that wrote."""
    async with health(store, spec) as before:
        for number in range(patients):
            born = {"resourceType": "Patient", "birthDate": "1990-02-28"}
            assert (await before.put(f"Patient/p{number}", {**born, "id": f"p{number}"})).is_success
        await store.indexing.outdated({"Patient": before.context.index_format("Patient")})
    async with health(store, spec, zone=UTC, outdated={"Patient"}) as fhir:
        yield fhir


async def done(fhir, response):
    """Wait for the job; give its reports by type."""
    assert response.status_code == 202, response.text
    where = response.headers["content-location"]
    answer = await ended(fhir.context, where.removeprefix(f"{BASE_URL}/$async-status?job="))
    assert answer.status == 200, answer.body
    status = (await fhir.get(where.removeprefix(f"{BASE_URL}/"))).json()
    parameters = status["entry"][0]["resource"]["parameter"]
    return [
        {part["name"]: next(v for k, v in part.items() if k != "name") for part in one["part"]}
        for one in parameters
    ]


async def modes(fhir):
    entries = (await fhir.get("Patient")).json()["entry"]
    return {entry["search"]["mode"] for entry in entries}


async def test_outdated_types_are_rewritten_and_searches_stop_warning(store, spec):
    async with upgraded(store, spec) as fhir, worked(fhir.context):
        assert "outcome" in await modes(fhir)
        reports = await done(fhir, await fhir.post("$reindex", b""))
        assert reports == [
            {"code": "Patient", "rewritten": 3, "current": 3, "total": 3, "complete": True}
        ]
        assert await modes(fhir) == {"match"}
        assert (await fhir.get("Patient/p0")).headers["etag"] == 'W/"1"'
        assert await done(fhir, await fhir.post("$reindex", b"")) == []


async def test_another_process_stops_warning_when_it_looks_again(store, spec):
    async with upgraded(store, spec) as fhir:
        other = fhir.context.but(outdated={"Patient", "Observation"})
        await store.indexing.outdated({"Observation": other.index_format("Observation")})
        async with worked(fhir.context):
            await done(fhir, await fhir.post("$reindex", b""))
        assert other.outdated == {"Patient", "Observation"}
        await outdated.refresh(other)
        assert other.outdated == set()


async def test_a_named_type_is_rewritten_whole_though_it_is_not_outdated(fhir, worker):
    for _ in range(2):
        await fhir.post("Patient", {"resourceType": "Patient"})
    await fhir.context.store.database.Patient.update_many({}, {"$set": {"x": {}}})
    reports = await done(fhir, await fhir.post("Patient/$reindex", b""))
    assert (reports[0]["code"], reports[0]["rewritten"]) == ("Patient", 2)
    rows = await fhir.context.store.database.Patient.find({}).to_list()
    assert all(row["x"] for row in rows)


async def test_several_types_are_named_in_parameters(fhir, worker):
    named = [{"name": "type", "valueCode": code} for code in ("Patient", "Basic", "Patient")]
    body = {"resourceType": "Parameters", "parameter": named}
    assert [one["code"] for one in await done(fhir, await fhir.post("$reindex", body))] == [
        "Patient",
        "Basic",
    ]


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("Nothing/$reindex", b"", 404),
        ("$reindex", {"resourceType": "Patient"}, 400),
        ("$reindex?a=b", b"", 400),
        ("$reindex", {"resourceType": "Parameters", "parameter": [{"name": "x"}]}, 400),
        (
            "$reindex",
            {
                "resourceType": "Parameters",
                "parameter": [{"name": "type", "valueCode": "Nothing"}],
            },
            404,
        ),
    ],
)
async def test_what_cannot_be_reindexed_is_refused_at_once(fhir, path, body, status):
    response = await fhir.post(path, body)
    assert response.status_code == status
    assert issues(response)
    assert await fhir.context.store.jobs.count() == {}


async def test_reindexing_is_not_offered_by_get(fhir):
    assert (await fhir.get("$reindex")).status_code == 405


async def test_a_worker_that_loses_the_job_leaves_a_checkpoint_another_goes_on_from(
    store, spec, monkeypatch
):
    monkeypatch.setattr(store_reindex, "_BATCH", 1)
    async with upgraded(store, spec, patients=4) as fhir:
        context, jobs = fhir.context, store.jobs
        await reindex.reindex(context, FhirRequest("POST", "$reindex"), Target())
        first = Job(await jobs.claim([reindex.KIND]))
        rewritten = []
        steps = store.indexing.step

        async def step_and_lose(*args, **options):
            step = await steps(*args, **options)
            rewritten.append(step.after)
            if len(rewritten) == 3:
                await lapsed_and_claimed(store, first.id)
            return step

        monkeypatch.setattr(store.indexing, "step", step_and_lose)
        with pytest.raises(LostError):
            await reindex.run(Work(context, first))
        monkeypatch.setattr(store.indexing, "step", steps)
        await store.database.jobs.update_one({"_id": first.id}, [{"$set": {"due": "$$NOW"}}])
        second = Job(await jobs.claim([reindex.KIND]))
        # The third batch was written, but its checkpoint was refused.
        assert (second.checkpoint["after"], second.checkpoint["rewritten"]) == ("p1", 2)
        assert second.progress == "Patient: 2 of 4 (50 %)"
        answer = await reindex.run(Work(context, second))
    assert b'"complete","valueBoolean":true' in answer.body
    assert await store.indexing.verify("Patient", context.index_format("Patient")) == Counts(4, 4)


async def lapsed_and_claimed(store, id_):
    await store.database.jobs.update_one({"_id": id_}, [{"$set": {"due": "$$NOW"}}])
    assert (await store.jobs.claim([reindex.KIND]))["_id"] == id_


async def test_what_an_older_server_writes_meanwhile_is_rewritten_too(store, spec, monkeypatch):
    monkeypatch.setattr(store_reindex, "_BATCH", 1)
    async with health(store, spec) as before, upgraded(store, spec) as fhir:
        heard = []

        async def told(step):
            heard.append(step.after)
            if len(heard) == 2:
                # Behind the place the first round has come to.
                await before.put("Patient/a", {"resourceType": "Patient", "id": "a"})

        counts = await reindex.rewrite(fhir.context, "Patient", told)
    assert heard == ["p0", "p1", "p2", "a"]
    assert counts == Counts(4, 4)


async def test_progress_and_answer_belong_to_the_caller_of_the_job(fhir):
    response = await fhir.post("$reindex", b"")
    id_ = response.headers["content-location"].partition("job=")[2]
    assert (await queue.find(fhir.context, id_)).progress == "queued"
