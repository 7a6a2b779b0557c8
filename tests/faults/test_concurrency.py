"""Many callers at once, two worker processes: one winner, no duplicate, never a 5xx."""

import json
import socket
from contextlib import closing, suppress
from itertools import product
from random import Random

import pytest

from tests.faults import load
from tests.faults.lanes import TIMEOUT, lanes, statuses, together
from tests.faults.processes import serving
from tests.interactions.bundles import SELF, bundle, entry, observation
from tests.submission.envelopes import envelope

SYSTEM = "http://example.org/concurrency"
ACTIVE = [{"op": "add", "path": "/active", "value": True}]
JSON_PATCH = {"Content_Type": "application/json-patch+json"}
XML = {"Content_Type": "application/xml"}
MANY, FIFTY, RETRIES, HOSPITALS = 64, 50, 30, 8
CALLERS, ACTIONS, ENTRIES = 12, 25, 20


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("server"), "--workers", "2") as server:
        yield server
        assert '"event":"crash"' not in server.log
        assert "Traceback" not in server.log


def patient(value, **more):
    return {
        "resourceType": "Patient",
        "identifier": [{"system": SYSTEM, "value": value}],
        **more,
    }


def found(lane, type_, **query):
    """Count what a search finds."""
    asked = "&".join(f"{name}={value}" for name, value in query.items())
    return lane.ask("GET", f"{type_}?_summary=count&{asked}").json()["total"]


def versions(lane, place):
    """Give the versions of a resource, the newest first."""
    listed = lane.ask("GET", f"{place}/_history?_count=200").json()["entry"]
    return [int(one["response"]["etag"].strip('W/"')) for one in listed]


def test_of_creates_under_one_condition_one_creates(server):
    condition = {"If_None_Exist": f"identifier={SYSTEM}|created"}
    with lanes(server, MANY) as callers:
        answers = together(
            callers, lambda lane, _: lane.ask("POST", "Patient", patient("created"), **condition)
        )
        assert statuses(answers) == {201: 1, 200: MANY - 1}
        assert len({answer.json()["id"] for answer in answers}) == 1
        assert found(callers[0], "Patient", identifier=f"{SYSTEM}|created") == 1


def test_of_updates_under_one_condition_one_creates(server):
    def put(lane, number):
        return lane.ask(
            "PUT",
            f"Patient?identifier={SYSTEM}|updated",
            patient("updated", multipleBirthInteger=number + 1),
        )

    with lanes(server, MANY) as callers:
        answers = together(callers, put)
        assert statuses(answers) == {201: 1, 200: MANY - 1}
        [id_] = {answer.json()["id"] for answer in answers}
        assert sorted(answer.version for answer in answers) == list(range(1, MANY + 1))
        assert versions(callers[0], f"Patient/{id_}") == list(range(MANY, 0, -1))


def test_of_transactions_under_one_condition_one_creates(server):
    condition = f"identifier={SYSTEM}|bundled"
    made = bundle(
        "transaction",
        entry("POST", "Patient", patient("bundled"), fullUrl=SELF, ifNoneExist=condition),
        entry("POST", "Observation", observation(SELF)),
    )
    with lanes(server, MANY) as callers:
        answers = together(callers, lambda lane, _: lane.ask("POST", "", made))
        assert statuses(answers) == {200: MANY}
        firsts = [answer.json()["entry"][0]["response"] for answer in answers]
        assert sorted(one["status"][:3] for one in firsts) == ["200"] * (MANY - 1) + ["201"]
        [id_] = {one["location"].split("/")[-3] for one in firsts}
        assert found(callers[0], "Observation", subject=f"Patient/{id_}") == MANY


def test_one_document_from_several_senders_is_stored_once(server):
    def sent(content):
        answers = together(
            callers, lambda lane, _: lane.ask("POST", "$submit-document", content, **XML)
        )
        assert statuses(answers) == {200: HOSPITALS}
        return history()

    def history():
        return callers[0].ask("GET", "_history?_count=1000").json().get("entry", [])

    with lanes(server, HOSPITALS) as callers:
        before = {one["fullUrl"] for one in history()}
        once = sent(envelope())
        new = [one for one in once if one["fullUrl"] not in before]
        assert len(new) > HOSPITALS
        assert len({one["fullUrl"] for one in new}) == len(new)
        assert sent(envelope()) == once


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_of_fifty_writers_of_one_version_one_wins(server, method):
    id_ = f"won-{method.lower()}"
    place = f"Patient/{id_}"
    bodies = {"PUT": {**patient(id_), "id": id_, "active": True}, "PATCH": ACTIVE, "DELETE": None}
    headers = JSON_PATCH if method == "PATCH" else {}

    def write(lane, _):
        return lane.ask(method, place, bodies[method], If_Match='W/"1"', **headers)

    with lanes(server, FIFTY) as callers:
        callers[0].ask("PUT", place, {**patient(id_), "id": id_})
        answers = together(callers, write)
        assert statuses(answers) == {204 if method == "DELETE" else 200: 1, 412: FIFTY - 1}
        assert versions(callers[0], place) == [2, 1]


def test_writers_without_a_condition_each_make_a_version(server):
    def put(lane, number):
        body = {**patient("unguarded"), "id": "unguarded", "multipleBirthInteger": number + 1}
        return lane.ask("PUT", "Patient/unguarded", body)

    with lanes(server, FIFTY) as callers:
        answers = together(callers, put)
        assert statuses(answers) == {201: 1, 200: FIFTY - 1}
        assert sorted(answer.version for answer in answers) == list(range(1, FIFTY + 1))
        assert versions(callers[0], "Patient/unguarded") == list(range(FIFTY, 0, -1))


@pytest.mark.parametrize("kind", ["create", "transaction"])
def test_retries_under_one_key_are_one_write(server, kind):
    one = patient(kind)
    many = bundle("transaction", *(entry("POST", "Patient", one) for _ in range(20)))
    path, body, made = {"create": ("Patient", one, 1), "transaction": ("", many, 20)}[kind]
    with lanes(server, RETRIES) as callers:
        answers = together(
            callers, lambda lane, _: lane.ask("POST", path, body, Idempotency_Key=f"key {kind}")
        )
        assert statuses(answers) == {201 if kind == "create" else 200: RETRIES}
        assert len({answer.content for answer in answers}) == 1
        assert len({answer.headers.get("location") for answer in answers}) == 1
        assert found(callers[0], "Patient", identifier=f"{SYSTEM}|{kind}") == made


def test_a_mixed_load_leaves_what_each_caller_was_told(server):
    done = load.Load("mixed")
    with lanes(server, CALLERS) as callers:
        load.begin(done, callers[0])
        together(callers, lambda lane, number: load.run(done, lane, Random(number), ACTIONS))
        load.check(done, callers[0])
    assert "lost" not in done.statuses
    assert done.moved[200]


@pytest.mark.parametrize("share", [0.2, 0.6, 0.99])
def test_a_request_that_is_cut_writes_nothing(server, share):
    value = f"cut-{share}"
    sent = request(value)
    with lanes(server, 2) as callers:
        for _ in range(6):
            send(server, sent[: int(len(sent) * share)]).close()
        assert found(callers[0], "Patient", identifier=f"{SYSTEM}|{value}") == 0
        assert found(callers[1], "Patient", identifier=f"{SYSTEM}|{value}") == 0


def test_a_caller_that_is_gone_before_the_answer_has_all_or_nothing(server):
    values = [f"gone-{number}" for number in range(12)]
    with lanes(server, 2) as callers:
        for number, value in enumerate(values):
            with closing(send(server, request(value))) as connection:
                connection.settimeout(0.02 * number + 0.001)
                with suppress(TimeoutError):
                    connection.recv(1)
        stored = [found(callers[0], "Patient", identifier=f"{SYSTEM}|{value}") for value in values]
        assert set(stored) <= {0, ENTRIES}
        for lane, value in product(callers, values):
            again = lane.ask("POST", "", several(value), Idempotency_Key=value)
            assert again.status == 200, again.content
            assert found(lane, "Patient", identifier=f"{SYSTEM}|{value}") == ENTRIES


def several(value):
    return bundle(
        "transaction", *(entry("POST", "Patient", patient(value)) for _ in range(ENTRIES))
    )


def request(value):
    """Give a transaction as it goes over the wire."""
    body = json.dumps(several(value)).encode()
    head = (
        "POST /fhir HTTP/1.1\r\nHost: here\r\nContent-Type: application/fhir+json\r\n"
        f"Idempotency-Key: {value}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def send(server, content):
    """Send bytes on a connection of their own; give it."""
    host, _, port = server.url.removeprefix("http://").partition(":")
    connection = socket.create_connection((host, int(port)), TIMEOUT)
    connection.sendall(content)
    return connection


@pytest.mark.parametrize("number", [1_000, pytest.param(10_000, marks=pytest.mark.long)])
@pytest.mark.parametrize("conditional", [False, True])
def test_a_large_transaction_is_done_whole(server, number, conditional):
    doctors = bundle(
        "transaction",
        *(entry("PUT", f"Practitioner/large-{one}", doctor(one)) for one in range(200)),
    )
    mine = f"{number}-{conditional}"
    subject = entry("POST", "Patient", patient(mine), fullUrl=SELF)
    rest = (
        entry("POST", "Observation", measured(one, conditional=conditional))
        for one in range(number - 1)
    )
    with lanes(server, 2) as [lane, other]:
        assert lane.ask("POST", "", doctors).status == 200
        answer = lane.ask("POST", "", bundle("transaction", subject, *rest))
        assert answer.status == 200, answer.content[:500]
        made = [one["response"]["location"] for one in answer.json()["entry"]]
        assert len(set(made)) == number
        place = "/".join(made[0].split("/")[-4:-2])
        assert found(other, "Observation", subject=place) == number - 1
        if conditional:
            performed = {"subject": place, "performer": "Practitioner/large-7"}
            assert found(other, "Observation", **performed) == len(range(7, number - 1, 200))


def doctor(number):
    identifier = {"system": SYSTEM, "value": f"doctor-{number}"}
    return {"resourceType": "Practitioner", "id": f"large-{number}", "identifier": [identifier]}


def measured(number, *, conditional):
    """Give an Observation of the Bundle's patient; its performer is found by a search, or none."""
    performer = f"Practitioner?identifier={SYSTEM}|doctor-{number % 200}"
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "718-7"}]},
        "effectiveDateTime": "2026-01-02T03:04:05+07:00",
        "valueQuantity": {"value": number, "unit": "g/L"},
        "subject": {"reference": SELF},
        **({"performer": [{"reference": performer}]} if conditional else {}),
    }
