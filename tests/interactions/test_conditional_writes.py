"""Conditional update, patch and delete: https://hl7.org/fhir/R4/http.html#cond-update."""

import asyncio

import pytest

from tests.client import health, issues
from tests.interactions.bundles import CCCD

NUMBER = "099190000001"
QUERY = f"Patient?identifier={CCCD}|{NUMBER}"
ACTIVE = [{"op": "add", "path": "/active", "value": True}]
JSON_PATCH = "application/json-patch+json"


async def two(fhir, patient):
    for name in ("p1", "p2"):
        await fhir.put(f"Patient/{name}", {**patient, "id": name})


async def test_a_conditional_update_that_matches_nothing_creates(fhir, patient):
    answer = await fhir.put(QUERY, patient)
    assert answer.status_code == 201
    assert (await fhir.get(f"Patient/{answer.json()['id']}")).status_code == 200


async def test_a_conditional_update_that_matches_nothing_keeps_the_id_it_brings(fhir, patient):
    answer = await fhir.put(QUERY, {**patient, "id": "mine"})
    assert (answer.status_code, answer.json()["id"]) == (201, "mine")


async def test_an_id_that_is_taken_by_what_the_condition_does_not_match_is_a_conflict(
    fhir, patient
):
    await fhir.put("Patient/mine", {"resourceType": "Patient", "id": "mine"})
    answer = await fhir.put(QUERY, {**patient, "id": "mine"})
    assert answer.status_code == 409
    assert (await fhir.get("Patient/mine")).json()["meta"]["versionId"] == "1"


async def test_a_conditional_update_changes_the_one_it_matches(fhir, patient):
    await fhir.put("Patient/p1", {**patient, "id": "p1"})
    answer = await fhir.put(QUERY, {**patient, "active": True})
    assert (answer.status_code, answer.json()["id"]) == (200, "p1")
    assert answer.headers["etag"] == 'W/"2"'
    same = await fhir.put(QUERY, {**patient, "id": "p1", "active": False})
    assert (same.status_code, same.headers["etag"]) == (200, 'W/"3"')


async def test_a_conditional_update_with_the_id_of_another_is_refused(fhir, patient):
    await fhir.put("Patient/p1", {**patient, "id": "p1"})
    answer = await fhir.put(QUERY, {**patient, "id": "p2"})
    assert answer.status_code == 400
    assert issues(answer)[0]["expression"] == ["Patient.id"]


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
async def test_a_condition_that_matches_several_is_a_412_and_changes_nothing(fhir, patient, method):
    await two(fhir, patient)
    if method == "DELETE":
        answer = await fhir.delete(QUERY)
    elif method == "PUT":
        answer = await fhir.put(QUERY, patient)
    else:
        answer = await fhir.patch(QUERY, ACTIVE, Content_Type=JSON_PATCH)
    assert answer.status_code == 412
    for name in ("p1", "p2"):
        assert (await fhir.get(f"Patient/{name}")).headers["etag"] == 'W/"1"'


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("query", ["Patient", "Patient?_count=1", "Patient?colour=red"])
async def test_a_condition_must_select_by_what_the_server_searches(fhir, patient, method, query):
    await fhir.put("Patient/p1", {**patient, "id": "p1"})
    send = {"PUT": fhir.put, "PATCH": fhir.patch}
    body = patient if method == "PUT" else ACTIVE
    answer = await (send[method](query, body) if method in send else fhir.delete(query))
    assert answer.status_code == 400
    assert (await fhir.get("Patient/p1")).headers["etag"] == 'W/"1"'


async def test_a_conditional_patch_changes_the_one_it_matches(fhir, patient):
    assert (await fhir.patch(QUERY, ACTIVE, Content_Type=JSON_PATCH)).status_code == 404
    await fhir.put("Patient/p1", {**patient, "id": "p1"})
    answer = await fhir.patch(QUERY, ACTIVE, Content_Type=JSON_PATCH)
    assert (answer.status_code, answer.json()["active"]) == (200, True)


async def test_a_conditional_delete_deletes_the_one_it_matches(fhir, patient):
    await fhir.put("Patient/p1", {**patient, "id": "p1"})
    answer = await fhir.delete(QUERY)
    assert (answer.status_code, answer.headers["etag"]) == (204, 'W/"2"')
    assert (await fhir.get("Patient/p1")).status_code == 410
    nothing = await fhir.delete(QUERY)
    assert (nothing.status_code, nothing.content) == (204, b"")


async def test_a_conditional_delete_of_several_stays_under_its_cap(store, spec, patient):
    async with health(store, spec, conditional_delete_max=2) as fhir:
        await two(fhir, patient)
        await fhir.put("Patient/p3", {**patient, "id": "p3"})
        assert (await fhir.delete(QUERY)).status_code == 412
        assert await fhir.stored() == 3
        await fhir.delete("Patient/p3")
        answer = await fhir.delete(QUERY, Prefer="return=OperationOutcome")
        assert answer.status_code == 200
        assert issues(answer)[0]["diagnostics"] == "2 deleted."
        assert await fhir.stored() == 0


async def test_conditional_updates_at_the_same_time_make_one_resource(fhir, patient):
    answers = await asyncio.gather(*(fhir.put(QUERY, patient) for _ in range(12)))
    assert sorted(answer.status_code for answer in answers) == [200] * 11 + [201]
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert await fhir.stored() == 1


async def test_update_as_create_can_be_switched_off_and_a_conditional_update_creates_still(
    store, spec, patient
):
    async with health(store, spec, update_create=False) as fhir:
        assert (await fhir.put("Patient/p1", {**patient, "id": "p1"})).status_code == 405
        assert (await fhir.put(QUERY, {**patient, "id": "p1"})).status_code == 405
        assert (await fhir.put(QUERY, patient)).status_code == 201
