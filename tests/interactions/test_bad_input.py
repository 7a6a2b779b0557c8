"""Each line of bad input: a clear 4xx OperationOutcome, and nothing stored."""

import asyncio

import pytest

from fhir_server.fhir import json
from fhir_server.fhir.errors import Invalid
from fhir_server.http import exchange
from tests.client import JSON, health, issues

PATIENT = b'{"resourceType":"Patient"%b}'
DEEP = b',"extension":[{"url":"a"' * 70 + b"}]" * 70

BODIES = {
    "duplicate keys": (PATIENT % b',"active":true,"active":false', "structure"),
    "duplicate keys, escaped": (PATIENT % b',"active":true,"\\u0061ctive":false', "structure"),
    "NaN": (PATIENT % b',"multipleBirthInteger":NaN', "structure"),
    "Infinity": (PATIENT % b',"multipleBirthInteger":-Infinity', "structure"),
    "deeper than 64": (PATIENT % DEEP, "too-costly"),
    "deeper than the parser": (b"[" * 200_000, "too-costly"),
    "invalid UTF-8": (PATIENT % b',"id":"\xff\xfe"', "structure"),
    "no JSON": (b"<Patient/>", "structure"),
    "an array": (b"[]", "structure"),
    "a second value": (PATIENT % b"" + b"{}", "structure"),
    "nothing": (b"", "required"),
}


@pytest.mark.parametrize("name", BODIES)
async def test_a_body_that_is_no_strict_json_is_refused(fhir, name):
    body, code = BODIES[name]
    answer = await fhir.post("Patient", body)
    assert answer.status_code == 400
    assert issues(answer)[0]["code"] == code
    assert await fhir.stored() == 0


RESOURCES = {
    "unknown element": ({"nonsense": 1}, "Patient.nonsense"),
    "wrong type": ({"active": "true"}, "Patient.active"),
    "one where many": ({"name": {"text": "x"}}, "Patient.name"),
    "impossible date": ({"birthDate": "2026-02-30"}, "Patient.birthDate"),
    "unknown required code": ({"gender": "f"}, "Patient.gender"),
    "empty array": ({"name": []}, "Patient.name"),
    "bad id": ({"id": "a/b"}, "Patient.id"),
    "two choices": ({"deceasedBoolean": True, "deceasedDateTime": "2020"}, "Patient.deceased"),
}


@pytest.mark.parametrize("name", RESOURCES)
async def test_a_malformed_resource_is_refused_with_its_location(fhir, name):
    wrong, place = RESOURCES[name]
    answer = await fhir.post("Patient", {"resourceType": "Patient", **wrong})
    assert answer.status_code in (400, 422)
    assert issues(answer)[0]["expression"][0].startswith(place)
    assert await fhir.stored() == 0


@pytest.mark.parametrize("path", ["Patient/..a", "Patient/a..b", "Patient/a%00b", "Patient/a%0Ab",
                                  "Patient/a%2Fb", "Patient/" + "x" * 65, "Patient/ü"])  # fmt: skip
async def test_an_id_that_is_none_is_refused(fhir, path):
    for answer in (
        await fhir.http.request("GET", f"http://test.invalid/fhir/{path}"),
        await fhir.put(path, {"resourceType": "Patient", "id": "x"}),
    ):
        assert 400 <= answer.status_code < 500
        assert issues(answer)
    assert await fhir.stored() == 0


async def test_an_unknown_resource_type_is_not_found(fhir):
    for answer in (
        await fhir.get("Nonsense/1"),
        await fhir.get("Nonsense"),
        await fhir.post("Nonsense", {"resourceType": "Nonsense"}),
        await fhir.get("system.users"),
        await fhir.get("Patient_history"),
    ):
        assert answer.status_code == 404
        assert issues(answer)[0]["code"] in ("not-supported", "not-found")


async def test_a_body_over_the_limit_is_a_413(store, spec):
    async with health(store, spec, max_body_bytes=1000) as fhir:
        body = json.dump({"resourceType": "Patient", "language": "x" * 1000})
        answer = await fhir.post("Patient", body)
        assert answer.status_code == 413
        assert issues(answer)[0]["code"] == "too-long"


async def test_verbs_and_formats_that_are_not_offered_say_what_is(fhir):
    answer = await fhir.http.request("POST", "/fhir/Patient/1")
    assert (answer.status_code, answer.headers["allow"]) == (405, "DELETE, GET, PATCH, PUT")
    assert (await fhir.get("Patient", Accept="text/turtle")).status_code == 406
    media = await fhir.post("Patient", b"<> a fhir:Patient .", Content_Type="text/turtle")
    assert media.status_code == 415
    charset = await fhir.post("Patient", b"{}", Content_Type="application/fhir+json; charset=utf-7")
    assert charset.status_code == 415


async def test_a_request_id_is_echoed_and_a_hostile_one_is_not(fhir):
    assert (await fhir.get("metadata", X_Request_Id="abc-1")).headers["x-request-id"] == "abc-1"
    hostile = await fhir.get("metadata", X_Request_Id="x" * 500)
    assert len(hostile.headers["x-request-id"]) == 32


async def test_no_trace_leaves_the_server(fhir, monkeypatch):
    async def broken(*_):
        raise RuntimeError("a secret of the inside")

    monkeypatch.setattr(type(fhir.context.store), "read", broken)
    answer = await fhir.get("Patient/1")
    assert answer.status_code == 500
    assert issues(answer)[0]["severity"] == "fatal"
    assert "secret" not in answer.text


ABSENT = {"extension": [{"url": "http://test.invalid/absent", "valueCode": "unknown"}]}


@pytest.mark.parametrize(
    "bundle",
    [
        {"_type": ABSENT},
        {"type": "batch", "entry": [{"request": {"_method": ABSENT, "_url": ABSENT}}]},
        {"type": "transaction", "entry": [{"request": {"method": "GET", "_url": ABSENT}}]},
    ],
)
async def test_an_extension_does_not_stand_for_what_a_bundle_needs(fhir, bundle):
    answer = await fhir.post("", {"resourceType": "Bundle", **bundle})
    assert answer.status_code == 400
    assert issues(answer)


async def test_an_error_repeats_little_of_what_was_sent(fhir):
    for sent in ("P\u0007" * 50_000, ["P"] * 50_000):
        answer = await fhir.post("Patient", {"resourceType": sent})
        assert answer.status_code == 400
        assert len(answer.content) < 500
        assert issues(answer)[0]["diagnostics"].isprintable()


async def test_a_header_that_is_no_list_stands_once(fhir, patient):
    twice = [("If-None-Exist", "_id=a"), ("If-None-Exist", "_id=b"), *JSON.items()]
    answer = await fhir.http.post("/fhir/Patient", content=json.dump(patient), headers=twice)
    assert answer.status_code == 400
    assert await fhir.stored() == 0


async def test_a_body_that_stops_coming_is_not_waited_for(monkeypatch):
    async def silent():
        await asyncio.Event().wait()

    monkeypatch.setattr(exchange, "_BODY_SECONDS", 0.01)
    scope = {"method": "POST", "path": "/fhir", "query_string": b"", "headers": []}
    head = exchange.read_head(scope, "/fhir")
    with pytest.raises(Invalid, match="stopped"):
        await exchange.read_body(head, scope, silent, 10)
