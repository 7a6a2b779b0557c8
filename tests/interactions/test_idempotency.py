"""Idempotency-Key: a retry is answered as the first time, and writes nothing again."""

import asyncio
import gzip

import pytest

from fhir_server.fhir import json
from fhir_server.store import chunks
from tests.client import issues
from tests.interactions.bundles import SELF, bundle, entry, observation

KEY = "8e03978e-40d5-43dd-bc93-6894a57f9324"


def same(first, again):
    """Say whether two answers are one: status, body and all headers but the request's own id."""
    heads = [
        {name: value for name, value in one.headers.items() if name != "x-request-id"}
        for one in (first, again)
    ]
    return (
        first.status_code == again.status_code
        and first.content == again.content
        and heads[0] == heads[1]
    )


async def test_a_create_that_is_sent_again_is_answered_as_the_first_time(fhir, patient):
    first = await fhir.post("Patient", patient, Idempotency_Key=KEY)
    await fhir.put(f"Patient/{first.json()['id']}", {**first.json(), "active": True})
    again = await fhir.post("Patient", patient, Idempotency_Key=f'"{KEY}"')
    assert first.status_code == 201
    assert same(first, again)
    assert await fhir.stored() == 1


async def test_every_kind_of_write_is_done_once(fhir, patient):
    await fhir.put("Patient/p1", {**patient, "id": "p1"})
    changed = {**patient, "id": "p1", "active": True}
    patch = [{"op": "remove", "path": "/active"}]
    media = {"Content_Type": "application/json-patch+json"}
    for number, send in enumerate(
        (
            lambda key: fhir.put("Patient/p1", changed, If_Match='W/"1"', Idempotency_Key=key),
            lambda key: fhir.patch("Patient/p1", patch, Idempotency_Key=key, **media),
            lambda key: fhir.delete("Patient/p1", Idempotency_Key=key),
        )
    ):
        first, again = await send(f"key {number}"), await send(f"key {number}")
        assert first.is_success, first.text
        assert same(first, again)
    assert len((await fhir.get("Patient/p1/_history")).json()["entry"]) == 4


async def test_a_transaction_is_done_once(fhir, patient):
    made = bundle(
        "transaction",
        entry("POST", "Patient", patient, fullUrl=SELF),
        entry("POST", "Observation", observation(SELF)),
        entry("GET", "Patient?_count=5"),
    )
    first = await fhir.post("", made, Idempotency_Key=KEY)
    again = await fhir.post("", made, Idempotency_Key=KEY)
    assert first.status_code == 200, first.text
    assert same(first, again)
    assert await fhir.stored() == 2


async def test_each_entry_of_a_batch_is_done_once(fhir, patient):
    made = bundle("batch", *(entry("POST", "Patient", patient) for _ in range(3)))
    first = await fhir.post("", made, Idempotency_Key=KEY)
    again = await fhir.post("", made, Idempotency_Key=KEY)
    assert first.json()["entry"] == again.json()["entry"]
    assert await fhir.stored() == 3


async def test_a_retry_may_be_packed_and_asked_for_in_another_way(fhir, patient):
    first = await fhir.post("Patient", patient, Idempotency_Key=KEY)
    packed = gzip.compress(json.dump(patient))
    again = await fhir.post(
        "Patient", packed, Idempotency_Key=KEY, Content_Encoding="gzip", Accept_Encoding="identity"
    )
    assert (again.status_code, again.content) == (201, first.content)
    assert await fhir.stored() == 1


async def test_one_key_for_two_requests_is_refused(fhir, patient):
    await fhir.post("Patient", patient, Idempotency_Key=KEY)
    answer = await fhir.post("Patient", {**patient, "active": True}, Idempotency_Key=KEY)
    assert answer.status_code == 422
    assert issues(answer)[0]["code"] == "duplicate"
    assert await fhir.stored() == 1


async def test_what_failed_is_tried_again(fhir, patient):
    made = observation("Patient/p1")
    assert (await fhir.post("Observation", made, Idempotency_Key=KEY)).status_code == 422
    await fhir.put("Patient/p1", {**patient, "id": "p1"})
    assert (await fhir.post("Observation", made, Idempotency_Key=KEY)).status_code == 201


async def test_retries_at_the_same_time_make_one_resource(fhir, patient):
    answers = await asyncio.gather(
        *(fhir.post("Patient", patient, Idempotency_Key=KEY) for _ in range(12))
    )
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert await fhir.stored() == 1


async def test_a_long_answer_is_kept_too(fhir, monkeypatch):
    monkeypatch.setattr(chunks, "SIZE", 1 << 20)
    long = {"resourceType": "Binary", "contentType": "text/plain", "data": "QUJD" * 700_000}
    first = await fhir.post("Binary", long, Idempotency_Key=KEY)
    again = await fhir.post("Binary", long, Idempotency_Key=KEY)
    assert first.status_code == 201
    assert same(first, again)
    assert await fhir.stored() == 1


@pytest.mark.parametrize("key", ["", '""', "x" * 300, "caf\xe9"])
async def test_a_key_that_is_none_is_refused(fhir, patient, key):
    headers = [
        ("Content-Type", "application/fhir+json"),
        ("Idempotency-Key", key.encode("latin-1")),
    ]
    answer = await fhir.http.post("/fhir/Patient", json=patient, headers=headers)
    assert answer.status_code == 400
    assert await fhir.stored() == 0
