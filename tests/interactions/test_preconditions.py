"""If-Match and If-None-Match on writes: https://hl7.org/fhir/R4/http.html#concurrency."""

import asyncio

import pytest

from tests.client import issues

ACTIVE = [{"op": "add", "path": "/active", "value": True}]
JSON_PATCH = "application/json-patch+json"


async def send(fhir, method, patient, **headers):
    if method == "PUT":
        return await fhir.put("Patient/p1", {**patient, "id": "p1", "active": True}, **headers)
    if method == "PATCH":
        return await fhir.patch("Patient/p1", ACTIVE, Content_Type=JSON_PATCH, **headers)
    return await fhir.delete("Patient/p1", **headers)


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("tag", ['W/"7"', 'W/"abc"', '"0"', 'W/"2", W/"3"'])
async def test_a_version_that_is_not_current_is_a_412_and_changes_nothing(
    fhir, patient, method, tag
):
    await fhir.put("Patient/p1", {**patient, "id": "p1"})
    answer = await send(fhir, method, patient, If_Match=tag)
    assert answer.status_code == 412
    assert issues(answer)[0]["code"] == "conflict"
    assert (await fhir.get("Patient/p1")).headers["etag"] == 'W/"1"'


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("tag", ['W/"1"', '"1"', "1", 'W/"4", W/"1"', "*"])
async def test_the_current_version_lets_a_write_pass(fhir, patient, method, tag):
    await fhir.put("Patient/p1", {**patient, "id": "p1"})
    answer = await send(fhir, method, patient, If_Match=tag)
    assert answer.is_success, answer.text
    assert answer.headers["etag"] == 'W/"2"'


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
@pytest.mark.parametrize("tag", ['W/"1"', "*"])
async def test_what_is_not_there_matches_no_version(fhir, patient, method, tag):
    assert (await send(fhir, method, patient, If_Match=tag)).status_code == 412
    assert await fhir.stored() == 0


async def test_a_header_that_is_no_etag_is_refused(fhir, patient):
    assert (await send(fhir, "PUT", patient, If_Match='W/"1",')).status_code == 400
    assert (await send(fhir, "PUT", patient, If_None_Match='""')).status_code == 400


async def test_if_none_match_of_any_lets_an_update_only_create(fhir, patient):
    first = await send(fhir, "PUT", patient, If_None_Match="*")
    assert first.status_code == 201
    second = await send(fhir, "PUT", patient, If_None_Match="*")
    assert second.status_code == 412
    await fhir.delete("Patient/p1")
    again = await send(fhir, "PUT", patient, If_None_Match="*")
    assert (again.status_code, again.headers["etag"]) == (201, 'W/"3"')


async def test_of_many_who_create_only_where_nothing_is_one_does(fhir, patient):
    body = {**patient, "id": "p1"}
    writes = (
        fhir.put("Patient/p1", {**body, "multipleBirthInteger": number + 1}, If_None_Match="*")
        for number in range(12)
    )
    answers = await asyncio.gather(*writes)
    assert sorted(answer.status_code for answer in answers) == [201] + [412] * 11


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
async def test_of_fifty_writers_of_one_version_one_wins(fhir, patient, method):
    await fhir.put("Patient/p1", {**patient, "id": "p1"})
    answers = await asyncio.gather(
        *(send(fhir, method, patient, If_Match='W/"1"') for _ in range(50))
    )
    won = [answer for answer in answers if answer.is_success]
    assert len(won) == 1
    assert {answer.status_code for answer in answers if answer not in won} == {412}
    assert len((await fhir.get("Patient/p1/_history")).json()["entry"]) == 2


async def test_an_update_brings_back_what_was_deleted(fhir, patient):
    await fhir.put("Patient/p1", {**patient, "id": "p1"})
    await fhir.delete("Patient/p1")
    answer = await fhir.put("Patient/p1", {**patient, "id": "p1"})
    assert (answer.status_code, answer.headers["etag"]) == (201, 'W/"3"')


async def test_an_identical_update_makes_no_version(fhir, patient):
    first = await fhir.put("Patient/p1", {**patient, "id": "p1"})
    again = await fhir.put("Patient/p1", {**patient, "id": "p1"})
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.headers["etag"] == 'W/"1"'
    patched = await fhir.patch(
        "Patient/p1",
        [{"op": "test", "path": "/gender", "value": "female"}],
        Content_Type=JSON_PATCH,
    )
    assert (patched.status_code, patched.headers["etag"]) == (200, 'W/"1"')
    assert len((await fhir.get("Patient/p1/_history")).json()["entry"]) == 1
