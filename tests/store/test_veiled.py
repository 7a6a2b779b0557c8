"""A veiled base answers what a plain one answers, and its database tells nothing of it."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pymongo
import pytest
from bson import encode

from fhir_server.fhir import json
from fhir_server.fhir.errors import Unreadable
from fhir_server.operations.reindex import rewrite
from fhir_server.search.condition import AnyOf, Not, Nothing
from fhir_server.search.index import index_fields
from fhir_server.store import chunks, embedded
from fhir_server.store.documents import Change
from fhir_server.store.key_file import Keys, renewed
from fhir_server.store.veiled import Veiled
from fhir_server.store.verify import Verifier
from tests.client import Client, auditing, health, issues
from tests.store.sealed import ALL, CANARIES, NAME, NUMBER, OFFENCE, PERSON, SYSTEM, veiled

PAPER = {
    "resourceType": "DocumentReference",
    "id": "d1",
    "status": "current",
    "description": OFFENCE,
    "identifier": [{"system": "urn:oid:1.2.3", "value": "canary/2026/LLTP-99"}],
    "type": {"coding": [{"system": "http://example.org/forms", "code": "canary-form"}]},
    "author": [{"reference": "Organization/o1"}],
    "content": [{"attachment": {"contentType": "text/plain", "data": "Y2FuYXJ5"}}],
}
OFFICE = {"resourceType": "Organization", "id": "o1", "name": "Toà án thử nghiệm"}


@pytest.fixture
def keys() -> Keys:
    return renewed(None, "first")


@pytest.fixture
async def hidden(mongodb_uri, keys) -> AsyncIterator[Veiled]:
    name = f"test_{uuid4().hex}"
    async with veiled(mongodb_uri, keys, name) as store:
        yield store
        with pymongo.timeout(60):
            await store.database.client.drop_database(name)


@pytest.fixture
async def legal(hidden, spec) -> AsyncIterator[Client]:
    async with health(hidden, spec) as client:
        yield client


def without_times(body):
    """Give an answer without what differs between two servers: times, made ids, links."""
    match body:
        case dict():
            asides = ["lastUpdated", "timestamp", "etag", "lastModified", "link"]
            asides += ["id"] if body.get("resourceType") == "Bundle" else []
            return {k: without_times(v) for k, v in body.items() if k not in asides}
        case list():
            return [without_times(one) for one in body]
    return body


async def told(answer) -> tuple[int, object]:
    return answer.status_code, without_times(answer.json()) if answer.content else None


BUNDLE = {
    "resourceType": "Bundle",
    "type": "transaction",
    "entry": [
        {"resource": {**PERSON, "id": "p2"}, "request": {"method": "PUT", "url": "Person/p2"}},
        {
            "resource": {**PERSON, "gender": "female"},
            "request": {"method": "PUT", "url": f"Person?identifier={SYSTEM}|{NUMBER}"},
        },
        {"request": {"method": "GET", "url": "Person/p1"}},
    ],
}

LABEL = {"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "R"}
HOLD = {"system": "http://fhir-server.vn/CodeSystem/legal-hold", "code": "hold"}
BATCH = {
    "resourceType": "Bundle",
    "type": "batch",
    "entry": [
        {"request": {"method": "GET", "url": f"Person?identifier={NUMBER}&_elements=gender"}},
        {
            "resource": {**PERSON, "identifier": []},
            "request": {"method": "PUT", "url": "Person/p1", "ifMatch": 'W/"1"'},
        },
        {"request": {"method": "DELETE", "url": f"Person?identifier={SYSTEM}|none"}},
        {
            "resource": {**PAPER, "id": "d2", "author": [{"reference": "Organization?_id=o1"}]},
            "request": {"method": "PUT", "url": "DocumentReference/d2"},
        },
        {
            "resource": {**PAPER, "id": "d2", "author": [{"reference": "Organization/none"}]},
            "request": {"method": "PUT", "url": "DocumentReference/d2"},
        },
    ],
}

REQUESTS = [
    ("put", "Organization/o1", OFFICE),
    ("put", "Person/p1", PERSON),
    ("put", "Person/p1", PERSON),
    ("put", "DocumentReference/d1", PAPER),
    ("get", "Person/p1", None),
    ("get", "Person/p1/_history/1", None),
    ("put", "Person/p1", {**PERSON, "gender": "female"}),
    ("get", "Person/p1/_history", None),
    ("get", "Person/p1/_history/1", None),
    ("get", "Person/_history", None),
    ("get", "_history", None),
    ("get", f"Person?identifier={SYSTEM}|{NUMBER}", None),
    ("get", f"Person?identifier={NUMBER}", None),
    ("get", "Person?identifier=099000000002", None),
    ("get", "Person?gender=female&_total=accurate", None),
    ("get", "Person?gender:not=male", None),
    ("get", "Person?birthdate=ge1987-01-01&birthdate=lt1988", None),
    ("get", "Person?birthdate=1999", None),
    ("get", f"Person?name:exact={NAME}", None),
    ("get", "Person?address-city:missing=false", None),
    ("get", "Person?_sort=birthdate,-_lastUpdated", None),
    ("get", "DocumentReference?author=Organization/o1", None),
    ("get", "DocumentReference?type=http://example.org/forms|canary-form", None),
    ("get", "DocumentReference?status=current,superseded&_summary=count", None),
    ("get", "Organization?_id=o1&_revinclude=DocumentReference:author", None),
    ("post", "", BUNDLE),
    ("post", "", BUNDLE),
    ("get", "Person?_sort=_id&_count=1", None),
    ("delete", "Person/p2", None),
    ("get", "Person/p2", None),
    ("delete", "Person/p2", None),
    ("delete", "Organization/o1", None),
    ("put", "Person/p2", {**PERSON, "id": "p2"}),
    ("get", "Person/p2/_history", None),
    ("post", "", BATCH),
    ("put", "Person/p3", {**PERSON, "id": "p3", "meta": {"security": [LABEL], "tag": [HOLD]}}),
    ("put", "Person/p3", {**PERSON, "id": "p3"}),
    ("put", "Person/p3", {**PERSON, "id": "p3", "meta": {"tag": [HOLD]}}),
    ("get", "Person/p3", None),
    ("get", f"Person?_security={LABEL['system']}|R", None),
    ("delete", "Person/p3", None),
    ("get", "Person/_history?_since=2020-01-01", None),
]


async def test_every_interaction_answers_as_over_a_plain_store(fhir, legal):
    for method, path, body in REQUESTS:
        args = (path,) if body is None else (path, body)
        plain, behind = [
            await told(await getattr(client, method)(*args)) for client in (fhir, legal)
        ]
        assert behind == plain, (method, path)
        assert plain[0] < 500


async def test_pages_follow_each_other(legal):
    for number in range(5):
        await legal.put(f"Person/n{number}", {**PERSON, "id": f"n{number}"})
    seen: list[str] = []
    path: str | None = "Person?gender=male&_count=2&_sort=birthdate"
    while path:
        page = (await legal.get(path)).json()
        seen += [one["resource"]["id"] for one in page["entry"]]
        path = next((one["url"] for one in page["link"] if one["relation"] == "next"), None)
        path = path and path.partition("/fhir/")[2]
    assert sorted(seen) == [f"n{number}" for number in range(5)]


@pytest.mark.parametrize(
    "path",
    [
        "Person?name=Canary", "Person?name:contains=nary", "Person?identifier=http://e|",
        "Person?_sort=name", "Person?_sort=-gender", "Person?_sort=identifier",
        "Person?organization.name:exact=x", "DocumentReference?author:Organization.name:exact=x",
        "Organization?_has:DocumentReference:author:status=current",
        "DocumentReference?_include=DocumentReference:author",
        "DocumentReference?type:text=canary",
    ],
)  # fmt: skip
async def test_what_only_the_texts_would_answer_is_refused(legal, path):
    await legal.put("Organization/o1", OFFICE)
    await legal.put("DocumentReference/d1", PAPER)
    answer = await legal.get(path)
    assert answer.status_code == 422, answer.text
    assert issues(answer)[0]["code"] == "not-supported"


async def test_no_search_parameter_and_no_job_is_taken(legal):
    parameter = {
        "resourceType": "SearchParameter", "url": "http://example.org/p", "name": "p",
        "status": "active", "description": "p", "code": "p", "base": ["Person"], "type": "string",
        "expression": "Person.name.family",
    }  # fmt: skip
    assert (await legal.post("SearchParameter", parameter)).status_code == 422
    answer = await legal.post("Person", PERSON, Prefer="respond-async")
    assert answer.status_code in (201, 422)
    assert not await legal.context.store.database.jobs.count_documents({})


async def test_an_access_decision_narrows_on_what_is_stored(hidden):
    female = AnyOf("x.gender", ("*|female",))
    change = Change("Person", "p1", "create", PERSON, {"gender": ["|male", "*|male"]})
    await hidden.commit(ALL, [change])
    assert await hidden.read(ALL, "Person", "p1")
    for allow in (female, Nothing(), Not(AnyOf("x.gender", ("*|male",)))):
        assert await hidden.read(allow, "Person", "p1") is None
        assert await hidden.vread(allow, "Person", "p1", 1) is None
        assert await hidden.history(allow, "Person") == []
        assert (await hidden.search(allow, "Person", ALL)).found == ()
        assert await hidden.count(allow, "Person", ALL) == 0
    assert await hidden.read(Not(female), "Person", "p1")
    with pytest.raises(TypeError):
        await hidden.read(None, "Person", "p1")
    with pytest.raises(TypeError):
        await hidden.commit(None, [change])


async def test_an_answer_is_kept_sealed_and_given_again(legal):
    answers = [
        await legal.post("Person", PERSON, Idempotency_Key="k", Prefer="return=representation")
        for _ in range(2)
    ]
    assert answers[0].status_code == answers[1].status_code == 201
    assert answers[0].content == answers[1].content
    other = await legal.post("Person", {**PERSON, "gender": "other"}, Idempotency_Key="k")
    assert other.status_code == 422


async def test_what_was_moved_or_changed_is_told_without_a_trace(legal):
    await legal.put("Person/p1", PERSON)
    await legal.put("Person/p2", {**PERSON, "id": "p2"})
    people = legal.context.store.database.Person
    row = await people.find_one({"_id": "p1"})
    for body in (row["body"][:-1], b"", b"\xff\xff\xff", json.dump(PERSON)):
        await people.update_one({"_id": "p2"}, {"$set": {"body": body}})
        answer = await legal.get("Person/p2")
        assert answer.status_code == 500
        assert issues(answer)[0]["code"] == "exception"
    await people.update_one({"_id": "p2"}, {"$set": {"body": row["body"]}})
    assert (await legal.get("Person/p2")).status_code == 500
    await people.update_one({"_id": "p1"}, {"$set": {"v": 2}})
    assert (await legal.get("Person/p1")).status_code == 500
    assert NAME not in (await legal.get("Person")).text


async def test_another_key_opens_nothing(mongodb_uri, hidden, spec):
    async with health(hidden, spec) as client:
        await client.put("Person/p1", PERSON)
    other = Keys("first", {"first": bytes(32)}, bytes(32))
    async with veiled(mongodb_uri, other, hidden.database.name) as wrong:
        with pytest.raises(Unreadable):
            await wrong.read(ALL, "Person", "p1")
        wanted = AnyOf("x.gender", ("*|male",))
        assert await wrong.count(ALL, "Person", wanted) == 0


async def test_large_bodies_are_sealed_before_they_are_parted(hidden, monkeypatch):
    monkeypatch.setattr(chunks, "SIZE", 1 << 20)
    text = "canary " * 200_000
    large = {"resourceType": "Basic", "id": "b", "text": {"status": "generated", "div": text}}
    await hidden.commit(ALL, [Change("Basic", "b", "create", large)])
    pieces = await hidden.database.chunks.find().to_list()
    assert len(pieces) > 1
    assert all(b"canary" not in piece["body"] for piece in pieces)
    found = await hidden.read(ALL, "Basic", "b")
    assert json.parse_object(found.body)["text"]["div"] == text


async def test_reindexing_finds_as_before(hidden, spec):
    async with health(hidden, spec) as client:
        await client.put("Person/p1", PERSON)
        people = hidden.database.Person
        before = await people.find_one({"_id": "p1"})
        await people.update_one({"_id": "p1"}, {"$set": {"f": "old", "x": {}}})
        context = client.context

        async def quiet(_: object) -> None:
            """Tell nobody."""

        counts = await rewrite(context, "Person", quiet)
        assert counts.complete
        assert (await people.find_one({"_id": "p1"}))["x"] == before["x"]


async def test_the_audit_is_sealed_and_can_be_verified(hidden, spec):
    hidden.watch = replace(hidden.watch, audit=auditing(hidden, spec))
    async with health(hidden, spec, audit_loopback=True) as client:
        await client.put("Person/p1", PERSON)
        await client.get(f"Person?identifier={NUMBER}")
        events = (await client.get("AuditEvent?action=C,U,E,R")).json()
        assert len(events["entry"]) > 1
        assert (await client.get("AuditEvent?entity=Person/p1")).json()["entry"]
        place = client.context.place
        verifier = Verifier(
            hidden.database,
            hidden.watch.audit.signer,
            lambda event: index_fields(spec, event, place, identity=event["id"]),
        )
        assert [one async for one in verifier.faults([], lambda _: None)] == []
        assert verifier.waiting > 1
        event = await hidden.database.AuditEvent.find_one()
        changed = {"$set": {"body": bytes([*event["body"][:-1], event["body"][-1] ^ 1])}}
        await hidden.database.AuditEvent.update_one({"_id": event["_id"]}, changed)
        assert [one async for one in verifier.faults([], lambda _: None)]


async def test_no_file_and_no_document_shows_a_canary(tmp_path, keys, spec):
    with embedded.running(tmp_path) as uri:
        async with veiled(uri, keys, "sealed") as store:
            store.watch = replace(store.watch, audit=auditing(store, spec))
            async with health(store, spec, audit_loopback=True) as client:
                for method, path, body in REQUESTS:
                    args = (path,) if body is None else (path, body)
                    await getattr(client, method)(*args)
                await client.post("Person", PERSON, Idempotency_Key=NAME)
            names = await store.database.list_collection_names()
            rows = [encode(row) for name in names async for row in store.database[name].find()]
        running = _files(tmp_path)
    assert {"AuditEvent", "idempotency", "Person_history", "tombstones"} <= {*names}
    for shown in (b"".join(rows), running, _files(tmp_path)):
        # It would be seen: what is to be readable is.
        assert b"p2" in shown
        assert b"data_keys" in shown or b"wrapped" in shown
        for canary in (*CANARIES, "canary", SYSTEM):
            assert canary.lower().encode() not in shown.lower(), canary


def _files(folder: Path) -> bytes:
    return b"".join(one.read_bytes() for one in folder.rglob("*") if one.is_file())
