"""Who looked at whose record: an event per access and patient, in time, refused ones too."""

import asyncio
import gc
from base64 import b64encode
from dataclasses import replace
from typing import Any

import pytest
from pymongo.errors import AutoReconnect

from fhir_server.access.caller import Caller
from fhir_server.fhir import json
from fhir_server.interactions.audit import Note
from fhir_server.store import audit
from fhir_server.store.audit import Watch
from tests.client import auditing, fresh, health

APP = Caller(
    "app", unrestricted=True, client="app", user="Practitioner/1", token="t1", organisations=("H1",)
)


@pytest.fixture
async def watched(mongodb_uri, spec):
    """Give a client of a base that writes everything down."""
    async with fresh(mongodb_uri) as store:
        store.watch = replace(store.watch, audit=auditing(store, spec))
        async with health(store, spec, caller=APP, audit_loopback=True) as client:
            await client.put("Patient/a", patient("a"))
            await client.put("Patient/b", patient("b"))
            await client.put("Observation/1", observation("1", "a"))
            await client.put("Observation/2", observation("2", "b"))
            await client.put(
                "Organization/H1", {"resourceType": "Organization", "id": "H1", "name": "H"}
            )
            await forget(client)
            yield client


def patient(identity: str) -> dict[str, Any]:
    return {"resourceType": "Patient", "id": identity, "active": True}


def observation(identity: str, of: str) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "id": identity,
        "status": "final",
        "code": {"text": "x"},
        "subject": {"reference": f"Patient/{of}"},
    }


async def forget(client) -> None:
    await client.context.store.watch.audit.place()
    await client.context.store.database.AuditEvent.delete_many({})


async def noted(client) -> list[dict[str, Any]]:
    """Give the events there are, in the order they were made."""
    await client.context.store.watch.audit.place()
    rows = (
        await client.context.store.database.AuditEvent.find()
        .sort([("ts", 1), ("_id", 1)])
        .to_list()
    )
    return [json.parse_object(row["body"]) for row in rows]


def told(event: dict[str, Any]) -> tuple[str, str, str]:
    """Give code, patient and outcome of an event."""
    about = [one["what"]["reference"] for one in event.get("entity", ()) if _person(one)]
    code = event["subtype"][-1]["code"]
    return code, about[0].removeprefix("Patient/") if about else "", event["outcome"]


def _person(entity: dict[str, Any]) -> bool:
    return entity["type"].get("code") == "1"


async def seen(client) -> list[tuple[str, str, str]]:
    return sorted(map(told, await noted(client)))


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("Patient/a", [("read", "a", "0")]),
        ("Observation/1", [("read", "a", "0")]),
        ("Observation/1/_history/1", [("vread", "a", "0")]),
        ("Observation/1/_history", [("history-instance", "a", "0")]),
        ("Organization/H1", [("read", "", "0")]),
        ("Observation", [("search-type", "a", "0"), ("search-type", "b", "0")]),
        ("Observation?patient=a", [("search-type", "a", "0")]),
        ("Observation?patient=a&code=none", [("search-type", "a", "0")]),
        ("Observation?code=none", [("search-type", "", "0")]),
        ("Observation?_summary=count&subject=Patient/b", [("search-type", "b", "0")]),
        ("Observation?_id=1&_include=*", [("search-type", "a", "0")]),
        ("Patient/a/Observation", [("search", "a", "0")]),
        ("Patient/a/$everything", [("$everything", "a", "0")]),
        ("Observation/none", [("read", "", "4")]),
        ("Patient/none", [("read", "none", "4")]),
        ("metadata", []),
    ],
)
async def test_a_read_is_an_event_for_each_patient(watched, path, expected):
    await watched.get(path)
    assert await seen(watched) == expected


@pytest.mark.parametrize("question", ["Patient?_id=a,b", "Patient?_id=a&identifier=7,8"])
async def test_a_question_that_may_name_others_is_in_an_event_of_nobody(watched, question):
    await watched.get(question)
    events = {told(event)[1]: json.dump(event) for event in await noted(watched)}
    asked = b64encode(question.replace(",", "%2C").encode())
    assert asked in events.pop("")
    assert "a" in events
    for patient, event in events.items():
        assert asked not in event
        assert not any(f"Patient/{one}".encode() in event for one in "ab" if one != patient)


async def test_reads_that_wait_together_are_each_written_down(watched):
    await asyncio.gather(*(watched.get("Observation/1") for _ in range(20)))
    assert await seen(watched) == [("read", "a", "0")] * 20


async def test_an_event_says_who_what_and_with_which_token(watched):
    response = await watched.get("Observation/1", X_Request_Id="r-1")
    assert response.status_code == 200
    [event] = await noted(watched)
    user, organisation, client, _ = event["agent"]
    assert user["who"] == {"reference": "Practitioner/1"}
    assert user["policy"] == ["t1"]
    assert organisation["who"] == {"reference": "Organization/H1"}
    assert client["who"] == {"identifier": {"value": "app"}}
    assert [one["what"] for one in event["entity"]] == [
        {"reference": "Patient/a"},
        {"reference": "Observation/1"},
        {"identifier": {"value": "r-1"}},
    ]
    assert "network" not in client


async def test_a_write_is_written_down_with_it(watched):
    await watched.put("Observation/1", observation("1", "b"))
    await watched.post("Observation", observation("3", "a"))
    await watched.delete("Observation/2")
    assert await seen(watched) == [("create", "a", "0"), ("delete", "b", "0"), ("update", "b", "0")]


async def test_a_write_that_fails_is_only_told_as_refused(watched):
    response = await watched.put("Observation/1", observation("1", "nobody"))
    assert response.status_code == 422
    assert await seen(watched) == [("update", "a", "4")]


async def test_an_update_that_changes_nothing_is_an_access(watched):
    before = (await watched.get("Observation/1")).json()
    await forget(watched)
    await watched.put("Observation/1", before)
    assert await seen(watched) == [("update", "a", "0")]


async def test_each_entry_of_a_batch_is_an_access(watched):
    await watched.post("", bundle("batch", "Observation/1", "Observation/2", "Observation/none"))
    assert await seen(watched) == [("read", "", "4"), ("read", "a", "0"), ("read", "b", "0")]


async def test_reads_and_writes_of_a_transaction_are_written_down_in_it(watched):
    body = bundle("transaction", "Observation/1")
    body["entry"].append(
        {"resource": observation("4", "b"), "request": {"method": "PUT", "url": "Observation/4"}}
    )
    assert (await watched.post("", body)).status_code == 200
    assert await seen(watched) == [("read", "a", "0"), ("update", "b", "0")]


async def test_a_transaction_that_fails_leaves_only_what_was_refused(watched):
    body = bundle("transaction", "Observation/1", "Observation/none")
    assert (await watched.post("", body)).status_code == 404
    assert await seen(watched) == [("read", "", "4"), ("transaction", "", "4")]


async def test_a_deleted_resource_tells_whose_it_was(watched):
    await watched.delete("Observation/2")
    await forget(watched)
    assert (await watched.get("Observation/2")).status_code == 410
    assert await seen(watched) == [("read", "b", "4")]


async def test_a_conditional_create_that_finds_is_a_read(watched):
    await watched.post("Observation", observation("9", "a"), If_None_Exist="_id=1")
    assert await seen(watched) == [("read", "a", "0")]


async def test_an_answer_from_memory_is_an_access(watched):
    await watched.post("Observation", observation("9", "a"), Idempotency_Key="k")
    await forget(watched)
    await watched.post("Observation", observation("9", "a"), Idempotency_Key="k")
    assert [event[0] for event in await seen(watched)] == ["create"]


async def test_a_question_that_deletes_of_several_is_kept_once(mongodb_uri, spec):
    async with fresh(mongodb_uri) as store:
        store.watch = replace(store.watch, audit=auditing(store, spec))
        limits = {"audit_loopback": True, "conditional_delete_max": 5}
        async with health(store, spec, caller=APP, **limits) as client:
            for one in "ab":
                await client.put(f"Patient/{one}", patient(one))
                await client.put(f"Observation/{one}", observation(one, one))
            await forget(client)
            await client.delete("Observation?status=final")
            deleted = [("delete", "", "0"), ("delete", "a", "0"), ("delete", "b", "0")]
            assert await seen(client) == deleted


async def test_looking_at_events_is_one_event(watched):
    await watched.get("Observation/1")
    await watched.get("AuditEvent?patient=a")
    assert await seen(watched) == [("read", "a", "0"), ("search-type", "a", "0")]


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
async def test_events_stand_for_good(watched, method):
    await watched.get("Observation/1")
    [event] = await noted(watched)
    path = "AuditEvent" if method == "post" else f"AuditEvent/{event['id']}"
    body = [] if method == "delete" else [event]
    response = await getattr(watched, method)(path, *body)
    assert response.status_code == 405, response.text
    assert (await noted(watched))[0] == event


@pytest.mark.parametrize("name", ["$purge", "$purge-history", "$meta-add"])
async def test_no_operation_changes_an_event(watched, name):
    await watched.get("Observation/1")
    [event] = await noted(watched)
    tag = {"system": "http://example.org", "code": "x"}
    meta = {"name": "meta", "valueMeta": {"tag": [tag]}}
    body = {"resourceType": "Parameters", "parameter": [meta] if "meta" in name else []}
    if "meta" not in name:
        del body["parameter"]
    response = await watched.post(f"AuditEvent/{event['id']}/{name}", body)
    assert response.status_code == 405, response.text
    assert (await noted(watched))[0] == event


async def test_an_event_in_a_transaction_is_refused(watched):
    await watched.get("Observation/1")
    [event] = await noted(watched)
    body = {
        "resourceType": "Bundle",
        "type": "transaction",
        "entry": [
            {"request": {"method": "DELETE", "url": f"AuditEvent/{event['id']}"}},
        ],
    }
    assert (await watched.post("", body)).status_code == 405
    assert (await noted(watched))[0] == event


async def test_events_meet_what_is_asked_of_resources(watched):
    for path in ("Observation/1", "Observation?code=x", "Patient/a/$everything", "Patient/none"):
        await watched.get(path, X_Request_Id="r-1")
    for event in await noted(watched):
        response = await watched.post("AuditEvent/$validate", event)
        severities = {one["severity"] for one in response.json()["issue"]}
        assert severities <= {"information", "warning"}, response.text


async def test_where_nothing_can_be_written_down_nothing_is_told(watched, monkeypatch):
    async def away(*_: Any, **__: Any) -> None:
        raise AutoReconnect("away")

    monkeypatch.setattr(audit, "keep", away)
    response = await watched.get("Observation/1")
    assert response.status_code == 503
    assert "subject" not in response.text


async def test_an_event_that_cannot_be_made_fails_its_own_request_alone(watched):
    async def broken() -> None:
        with pytest.raises(ZeroDivisionError):
            await watched.context.store.note(lambda: [1 // 0])

    await asyncio.gather(broken(), watched.get("Observation/1"), broken())
    assert await seen(watched) == [("read", "a", "0")]


async def test_a_read_leaves_no_garbage_that_has_to_be_looked_for(watched):
    gc.collect()
    gc.disable()
    try:
        await watched.get("Observation/1")
        assert not [one for one in gc.get_objects() if type(one) is Note]
    finally:
        gc.enable()


async def test_nobody_is_noted_where_that_is_not_wanted(mongodb_uri, spec):
    async with fresh(mongodb_uri) as store:
        store.watch = replace(store.watch, audit=auditing(store, spec))
        async with health(store, spec) as client:
            await client.put("Patient/a", patient("a"))
            await client.get("Patient/a")
            assert await noted(client) == []


def bundle(kind: str, *paths: str) -> dict[str, Any]:
    entries = [{"request": {"method": "GET", "url": path}} for path in paths]
    return {"resourceType": "Bundle", "type": kind, "entry": entries}


async def test_a_broken_glass_is_told_of_each_access(mongodb_uri, spec):
    caller = Caller("app", client="app", user="Practitioner/1", scopes=("user/*.crus",))
    async with fresh(mongodb_uri) as store:
        store.watch = Watch(auditing(store, spec))
        async with health(store, spec) as client:
            await client.put("Patient/a", patient("a"))
            await client.put("Observation/1", observation("1", "a"))
            await forget(client)
        async with health(store, spec, caller=caller) as client:
            assert (await client.get("Observation/1")).status_code == 404
            reason = {"name": "reason", "valueString": "found without consciousness"}
            body = {"resourceType": "Parameters", "parameter": [reason]}
            opened = await client.post("Patient/a/$break-glass", body)
            assert opened.status_code == 200, opened.text
            assert (await client.get("Observation/1")).status_code == 200
            entries = [
                {
                    "request": {"method": "POST", "url": "Observation"},
                    "resource": observation("2", "a"),
                },
                {"request": {"method": "GET", "url": "Observation/1"}},
            ]
            for kind in ("batch", "transaction"):
                both = {"resourceType": "Bundle", "type": kind, "entry": entries}
                answer = await client.post("", both)
                assert answer.status_code == 200, answer.text
            purposes = [
                (told(event), "BTG" in str(event.get("purposeOfEvent")))
                for event in await noted(client)
            ]
    # What is in a Bundle has no order that is promised.
    assert sorted(purposes) == sorted(
        [
            (("read", "a", "4"), False),
            (("$break-glass", "a", "0"), True),
            (("read", "a", "0"), True),
            *[(("create", "a", "0"), True), (("read", "a", "0"), True)] * 2,
        ]
    )
