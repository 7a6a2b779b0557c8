"""Writes of many callers at once leave together; each is answered, refused and noted by itself."""

import asyncio
from collections import Counter
from dataclasses import replace

import pytest

from fhir_server.access.caller import Caller
from tests.client import auditing, fresh, health, issues

APP = Caller("app", unrestricted=True, client="app", user="Practitioner/1", token="t1")


@pytest.fixture
async def watched(mongodb_uri, spec):
    """Give a client of a base that writes everything down."""
    async with fresh(mongodb_uri) as store:
        store.watch = replace(store.watch, audit=auditing(store, spec))
        async with health(store, spec, caller=APP, audit_loopback=True) as client:
            yield client


async def transactions(client):
    """Give the transactions of the base, as the sizes of what they changed."""
    rows = await client.context.store.database.commits.find().sort("_id").to_list()
    return [len(row["c"]) for row in rows]


async def test_thirty_one_are_stored_beside_one_that_is_not(watched, patient):
    await watched.put("Patient/there", {**patient, "id": "there"})
    changed = {**patient, "id": "there", "active": True}
    good = [watched.post("Patient", {**patient, "active": True}) for _ in range(31)]
    *told, bad = await asyncio.gather(
        *good, watched.put("Patient/there", changed, If_Match='W/"7"')
    )
    assert Counter(one.status_code for one in told) == {201: 31}
    assert bad.status_code == 412
    assert issues(bad)[0]["code"] == "conflict"
    sizes = await transactions(watched)
    assert sum(sizes) == 32
    assert len(sizes) < 16
    await watched.context.store.watch.audit.place()
    events = await watched.context.store.database.AuditEvent.find().to_list()
    written = Counter(one["x"]["entity"][0].split("/_history")[0] for one in events)
    assert written["Patient/there"] == 2
    assert all(written[f"Patient/{one.json()['id']}"] == 1 for one in told)


async def test_each_version_that_is_written_at_once_is_kept(watched, patient):
    bodies = [{**patient, "id": "p", "multipleBirthInteger": number + 1} for number in range(12)]
    told = await asyncio.gather(*(watched.put("Patient/p", body) for body in bodies))
    assert Counter(one.status_code for one in told) == {201: 1, 200: 11}
    assert sorted(one.json()["meta"]["versionId"] for one in told) == sorted(
        str(number + 1) for number in range(12)
    )
    listed = (await watched.get("Patient/p/_history")).json()["entry"]
    assert {one["resource"]["multipleBirthInteger"] for one in listed} == set(range(1, 13))


async def test_of_two_creates_under_one_condition_among_others_one_creates(fhir, patient):
    value = patient["identifier"][0]
    condition = f"identifier={value['system']}|{value['value']}"
    other = {**patient, "identifier": [{**value, "value": "099190000002"}]}
    told = await asyncio.gather(
        *(fhir.post("Patient", other) for _ in range(8)),
        *(fhir.post("Patient", patient, If_None_Exist=condition) for _ in range(2)),
    )
    assert Counter(one.status_code for one in told[:8]) == {201: 8}
    assert Counter(one.status_code for one in told[8:]) == {201: 1, 200: 1}
    assert len({one.json()["id"] for one in told}) == 9


async def test_a_reference_to_nothing_is_told_to_who_wrote_it(fhir, patient):
    await fhir.put("Patient/p", {**patient, "id": "p"})

    def of(subject):
        coded = {"status": "final", "code": {"text": "t"}, "subject": {"reference": subject}}
        return fhir.post("Observation", {"resourceType": "Observation", **coded})

    *good, bad = await asyncio.gather(*(of("Patient/p") for _ in range(6)), of("Patient/never"))
    assert [one.status_code for one in good] == [201] * 6
    assert bad.status_code == 422
    assert issues(bad)[0]["expression"] == ["Observation.subject.reference"]


async def test_what_is_deleted_meanwhile_leaves_no_half(fhir, patient):
    await fhir.put("Patient/p", {**patient, "id": "p"})
    changed = [{**patient, "id": "p", "multipleBirthInteger": one + 1} for one in range(6)]
    told = await asyncio.gather(
        *(fhir.put("Patient/p", body) for body in changed), fhir.delete("Patient/p")
    )
    assert [one.status_code for one in told if one.status_code not in (200, 201)] == [204]
    listed = (await fhir.get("Patient/p/_history")).json()["entry"]
    assert len(listed) == 8
