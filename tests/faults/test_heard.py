"""What one worker has at hand, and another changes: how soon each goes by the change.

Tokens, clients and keys are in test_redemption.py.
"""

import json

import pytest

from fhir_server.interactions.answers import SECONDS
from fhir_server.interactions.search_parameters import LEASE
from tests.faults.lanes import lanes
from tests.faults.processes import serving, until
from tests.search.test_definition import defined
from tests.validation.test_structure_definition import profile

SLACK = 30  # seconds: a bound against a busy machine
SYSTEM, SET = "http://example.org/animals", "http://example.org/all-animals"
PROFILE = "http://example.org/born"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("server"), "--workers", "2") as server:
        yield server


@pytest.fixture
def callers(server):
    """Give two callers, each with a worker of its own."""
    with lanes(server, 2) as both:
        yield both


def put(lane, resource):
    answer = lane.ask("PUT", f"{resource['resourceType']}/{resource['id']}", resource)
    assert answer.status in (200, 201), answer.content


def canonical(type_, id_, url, **more):
    return {"resourceType": type_, "id": id_, "url": url, "status": "active", **more}


def test_a_stored_search_parameter_is_known_to_all(callers):
    one, other = callers

    def declared():
        (rest,) = other.ask("GET", "metadata").json()["rest"]
        (told,) = [each for each in rest["resource"] if each["type"] == "Patient"]
        return "village" in {each["name"] for each in told["searchParam"]}

    assert not declared()
    put(one, defined())
    until(declared, LEASE + SLACK)


def test_what_a_value_set_holds_is_known_to_all_at_once(callers):
    one, other = callers

    def holds(code):
        query = f"ValueSet/$validate-code?url={SET}&system={SYSTEM}&code={code}"
        told = other.ask("GET", query).json()["parameter"]
        return next(each["valueBoolean"] for each in told if each["name"] == "result")

    put(one, canonical("ValueSet", "set", SET, compose={"include": [{"system": SYSTEM}]}))
    for code in ("cat", "dog", "cow"):
        concept = [{"code": code}]
        put(one, canonical("CodeSystem", "a", SYSTEM, content="complete", concept=concept))
        assert holds(code)
    assert not holds("cat")


def test_what_a_profile_asks_is_known_to_all_within_seconds(callers):
    one, other = callers
    sent = {"resourceType": "Patient", "meta": {"profile": [PROFILE]}}

    def accepted():
        return other.ask("POST", "Patient", sent).status == 201

    def asks(least):
        element = {"path": "Patient.birthDate", "min": least}
        put(
            one, {**profile(element, url=PROFILE), "id": "born", "name": "Born", "status": "active"}
        )

    asks(1)
    until(lambda: not accepted(), SECONDS + SLACK)
    asks(0)
    until(accepted, SECONDS + SLACK)


def test_a_job_is_done_once_whoever_was_asked(server, callers):
    places = []
    for number in range(8):
        body = {"resourceType": "Basic", "code": {"text": f"job {number}"}}
        answer = callers[number % 2].ask("POST", "Basic", body, Prefer="respond-async")
        assert answer.status == 202
        places.append(answer.headers["content-location"].partition("/fhir/")[2])
    until(lambda: all(callers[0].ask("GET", place).status == 200 for place in places), SLACK)
    told = [json.loads(line) for line in server.log.splitlines() if '"event":"job"' in line]
    done = [(line["id"], line["attempt"], line["became"]) for line in told]
    ids = {place.partition("job=")[2] for place in places}
    assert sorted(line for line in done if line[0] in ids) == sorted(
        (id_, 1, "done") for id_ in ids
    )
    found = callers[1].ask("GET", "Basic?_summary=count").json()
    assert found["total"] == len(places)
