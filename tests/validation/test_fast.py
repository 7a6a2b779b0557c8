"""The fast verdict: never a yes to what the table finds fault with; a yes to what is usual."""

import json
from copy import deepcopy
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fhir_server.fhir import json as fhir_json
from fhir_server.fhir.errors import Invalid
from fhir_server.spec.spec import load
from fhir_server.validation import fast, structure
from fhir_server.validation.primitives import CHECKS, PATTERNS
from fhir_server.validation.shapes import STEPS, shapes
from tests.fuzz.mutants import EXAMPLES, WAYS, mutant, originals, places

SPEC = load()
PACKAGE = Path(".cache/r4-examples/package")
NARRATIVE = {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">x</div>'}


def table(resource):
    """Say what the table finds, which knows no fast way."""
    return structure._checks(SPEC).resource(resource, {})


def in_bundle(body):
    """Give a Bundle with an entry of this resource."""
    return b'{"resourceType":"Bundle","type":"batch","entry":[{"resource":%b}]}' % body


def verdicts(type_, body):
    """Give whether the table accepts a body, the fast one does, and the fast one its dict."""
    found, held = fast.parsed(SPEC, type_, body), fast.bundle(SPEC, in_bundle(body))
    try:
        resource = fhir_json.parse(body)
    except Invalid:
        assert found is None, body
        assert held is None, body
        return False, False, False
    if held is not None:
        assert not table(resource), body
        assert fhir_json.dump(held) == fhir_json.dump(fhir_json.parse(in_bundle(body)))
    right = isinstance(resource, dict) and resource.get("resourceType") == type_
    right = right and not table(resource)
    quick = fast.accepts(SPEC, resource)
    if found is not None:
        assert right, body
        assert fhir_json.dump(found) == fhir_json.dump(resource)
    if quick:
        assert not table(resource), body
    return right, found is not None, quick


def test_a_bundle_is_read_as_one_and_its_resources_each_as_its_type():
    entries = [{"fullUrl": "urn:oid:1.2", "resource": one} for one in GOOD]
    bundle = {"type": "batch", "resourceType": "Bundle", "entry": entries}
    body = fhir_json.pretty(fhir_json.dump(bundle))
    assert fast.bundle(SPEC, body) == fhir_json.parse(body)


@pytest.mark.parametrize(
    "body",
    [
        b"[]",
        b'{"resourceType":"Bundle","entry":{}}',
        b'{"resourceType":"Bundle","entry":[{"resource":null}]}',
        b'{"resourceType":"Bundle","entry":[{"resource":{}}]}',
        b'{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Quantity"}}]}',
        b'{"resourceType":"Bundle","entry":[{"_resource":{"id":"x"}}]}',
        b'{"resourceType":"Bundle","type":"batch","type":"batch"}',
        b'{"resourceType":"Bundle","total":-0}',
        in_bundle(b'{"resourceType":"Patient"},"resource":{"resourceType":"Patient"}'),
        in_bundle(b'{"resourceType":"Patient","id":"a","id":"a"}'),
        in_bundle(b'{"resourceType":"Patient"}') + b"x",
    ],
)
def test_a_bundle_with_anything_to_tell_is_left_to_be_looked_at(body):
    assert fast.bundle(SPEC, body) is None


def test_the_levels_around_a_resource_count(monkeypatch):
    body = in_bundle(fhir_json.dump(patient(name=[{"given": ["x"]}])))
    monkeypatch.setattr(fhir_json, "MAX_DEPTH", 7)
    assert fast.bundle(SPEC, body) == fhir_json.parse(body)
    monkeypatch.setattr(fhir_json, "MAX_DEPTH", 6)
    assert fast.bundle(SPEC, body) is None
    with pytest.raises(Invalid):
        fhir_json.parse(body)


def patient(**elements):
    return {"resourceType": "Patient", **elements}


def observation(**elements):
    return {"resourceType": "Observation", "status": "final", "code": {"text": "x"}, **elements}


def ext(**value):
    return {"url": "http://example.org/x", **value}


GOOD = [
    patient(),
    patient(id="a", text=NARRATIVE, birthDate="2000-02-29", extension=[ext(valueCode="x")]),
    patient(name=[{"given": ["An", "Bình"], "extension": [ext(extension=[ext(valueString="x")])]}]),
    patient(contained=[patient(name=[{"text": "x"}])]),
    observation(
        valueQuantity={"value": 1}, component=[{"code": {"text": "x"}, "valueString": "x"}]
    ),
    {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": observation()}]},
    {"resourceType": "Parameters", "parameter": [{"name": "p", "resource": patient()}]},
]
BAD = [
    patient(nickname="x"), patient(active=1), patient(active=None), patient(name={}),
    patient(name=[]), patient(name=[{}]), patient(maritalStatus={}),
    patient(birthDate="2001-02-29"), patient(extension=[{"valueCode": "x"}]),
    patient(birthDate="1900-02-29"), patient(id="a" * 65), patient(gender="x"),
    patient(text={**NARRATIVE, "div": "x"}), patient(name=[{"text": "\x00"}]),
    patient(name=[{"text": "\uffff"}]), patient(name=[{"text": ""}]), patient(extension=[ext(x=1)]),
    patient(deceasedBoolean=True, deceasedDateTime="2020"), patient(implicitRules="a b"),
    patient(extension=[ext(valueString="x", valueCode="x")]),
    patient(name=[{"extension": [ext(valueString="x", valueCode="x")]}]),
    patient(extension=[ext(extension=[ext(valueString="x", valueCode="x")])]),
    patient(contained=[patient(contained=[patient()])]), patient(contained=[patient(x=1)]),
    patient(contained=[{"resourceType": "Nobody"}]), patient(contained=[observation(code={})]),
    patient(photo=[{"data": "a"}]), patient(multipleBirthInteger=2**31), patient(_gender={}),
    observation(code=None), observation(valueString="x", valueInteger=1), {"resourceType": "X"},
    observation(component=[{"code": {"text": "x"}, "valueString": "x", "valueInteger": 1}]),
    {"resourceType": "MedicationStatement", "status": "active", "subject": {"display": "x"}},
    {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": patient(x=1)}]},
]  # fmt: skip


@pytest.mark.parametrize("resource", GOOD)
def test_what_is_usual_is_accepted_at_once(resource):
    assert verdicts(resource["resourceType"], fhir_json.dump(resource)) == (True, True, True)


@pytest.mark.parametrize("resource", BAD)
def test_what_the_table_finds_fault_with_is_never_accepted(resource):
    body = fhir_json.dump(resource)
    assert verdicts(resource["resourceType"], body) == (False, False, False)


@pytest.mark.parametrize(
    "body",
    [
        b'{"resourceType":"Patient","id":"a","id":"b"}',
        b'{"resourceType":"Patient","id":"a","\\u0069d":"b"}',
        b'{"resourceType":"Patient","multipleBirthInteger":-0}',
        b'{"resourceType":"Patient","multipleBirthInteger":1.0}',
        b'{"resourceType":"Patient","multipleBirthInteger":1e2}',
        b'{"resourceType":"Patient","extension":[{"url":"a","url":"a"}]}',
        b'{"resourceType":"Patient","resourceType":"Patient"}',
        b'{"resourceType":"Patient"} {}',
        b'{"resourceType":"Patient","id":NaN}',
        b'{"resourceType":"Patient","id":"\xff"}',
        b"[]",
        b"null",
        b"",
    ],
)
def test_what_json_loses_is_never_accepted(body):
    assert fast.parsed(SPEC, "Patient", body) is None


@pytest.mark.parametrize("literal", [b"1.00", b"0.0000001", b"1e-7", b"1.0e+3", b"-0", b"0", b"7"])
def test_decimals_keep_their_digits(literal):
    body = fhir_json.dump(observation(valueQuantity={"value": fhir_json.parse(literal)}))
    found = fast.parsed(SPEC, "Observation", body) or fhir_json.parse(body)
    assert fhir_json.dump(found) == body
    assert literal in body


def test_white_space_and_escapes_are_no_reason_to_look_again():
    body = rb'{ "resourceType" : "Patient",' + b'\n  "name": [ {"text": "\\u0111\\/"} ] }'
    assert fast.parsed(SPEC, "Patient", body) == patient(name=[{"text": "đ/"}])


def test_another_type_than_asked_is_not_accepted():
    assert fast.parsed(SPEC, "Observation", b'{"resourceType":"Patient"}') is None
    assert fast.parsed(SPEC, "Nobody", b'{"resourceType":"Nobody"}') is None


def nested(times, inside):
    for _ in range(times):
        inside = ext(extension=[inside])
    return patient(extension=[inside])


def test_what_is_nested_too_deep_is_left_to_the_table():
    assert verdicts("Patient", fhir_json.dump(nested(STEPS - 1, ext(valueCode="x")))) == (True,) * 3
    far = fhir_json.dump(nested(STEPS + 1, ext(valueCode="x")))
    assert verdicts("Patient", far) == (True, False, False)
    assert fast.parsed(SPEC, "Patient", fhir_json.dump(nested(200, ext(valueCode="x")))) is None
    assert not fast.accepts(SPEC, nested(400, ext(valueCode="x")))


def test_no_shape_is_deeper_than_json_may_be():
    """Follow the types down: arrays and objects, and what stands behind a step one step further."""
    made = shapes(SPEC)
    for type_ in SPEC.types:
        made._object(type_, 0, frozenset())
    known = {}

    def depth(content, steps, around):
        place = (content, steps, not around)
        if place not in known:
            known[place] = 1  # met again inside itself only past a step
            below = [
                (key.element.max != "1") + depth_of(key, steps, around | {content})
                for key in SPEC.structures.keys(content).values()
            ]
            known[place] = 1 + max(below, default=0)
        return known[place]

    def depth_of(key, steps, around):
        if key.type in CHECKS:
            return 0
        kind = made._complex(key, steps, around)
        if kind is None:
            return 0
        if "__total__" in vars(kind):
            return depth(key.content, steps, around)
        inside = SPEC.types if key.content in ("Resource", "DomainResource") else [key.content]
        return max(depth(content, steps + 1, frozenset()) for content in inside)

    deepest = max(depth(type_, 0, frozenset()) for type_ in SPEC.types)
    assert 20 < deepest <= fhir_json.MAX_DEPTH


def test_the_examples_get_the_same_verdict_and_most_of_them_at_once():
    said = [
        verdicts(fhir_json.parse_object(body)["resourceType"], body)
        for body in (file.read_bytes() for file in EXAMPLES)
    ]
    assert all(right for right, _, _ in said)
    assert sum(quick for _, quick, _ in said) > len(said) * 0.8


@pytest.mark.long
@pytest.mark.skipif(not PACKAGE.exists(), reason="the package of all examples is not here")
def test_all_examples_get_the_same_verdict():
    for file in PACKAGE.glob("*.json"):
        body = file.read_bytes()
        type_ = json.loads(body).get("resourceType")
        if type_ is not None:
            verdicts(type_, body)


def test_mutants_get_the_same_verdict():
    for number in range(1500):
        verdicts(*mutant("fast", number))


@pytest.mark.long
def test_very_many_mutants_get_the_same_verdict():
    for number in range(100_000):
        verdicts(*mutant("fast long", number))


@given(st.randoms(use_true_random=False), st.data())
@settings(max_examples=200, deadline=None, derandomize=True, database=None,
          suppress_health_check=list(HealthCheck))  # fmt: skip
def test_examples_changed_at_any_place_get_the_same_verdict(random, data):
    original = data.draw(st.sampled_from(originals()))
    whole = [deepcopy(original)]
    for _ in range(data.draw(st.integers(1, 3))):
        found = list(places(whole))
        if found:
            inside, key = data.draw(st.sampled_from(found))
            data.draw(st.sampled_from(WAYS))(random, inside, key)
    for one in whole:
        verdicts(original["resourceType"], fhir_json.dump(one))


def test_known_values_are_forgotten_when_they_are_too_many():
    made = shapes(load())
    for number in range(10_000):
        assert made.accepts(patient(implicitRules=f"http://example.org/{number}"))
    known = type(made._primitives["uri"]).__dict__["__instancecheck__"].__self__
    assert 0 < len(known) <= 4096
    assert not isinstance("a b", made._primitives["uri"])
    assert "a b" not in known


@pytest.mark.parametrize("name", PATTERNS)
def test_a_pattern_is_what_its_check_goes_by(name):
    for value in ("2020-02-30", "a b", "a", "", "2020", "12:00:00", "urn:oid:1.2"):
        assert bool(PATTERNS[name](value)) == (CHECKS[name](value, {}) is None)


def test_every_day_of_the_calendar_is_a_date_and_no_other():
    from datetime import date  # noqa: PLC0415 - of this test only

    for year in (1, 4, 100, 400, 1900, 1999, 2000, 2023, 2024, 9999):
        for month in range(14):
            for day in range(33):
                text = f"{year:04}-{month:02}-{day:02}"
                try:
                    date.fromisoformat(text)
                except ValueError:
                    right = False
                else:
                    right = True
                assert bool(PATTERNS["date"](text)) == right, text
                assert bool(PATTERNS["instant"](f"{text}T00:00:00Z")) == right, text


def test_the_fast_way_is_taken_first(monkeypatch):
    monkeypatch.setattr(structure, "_checks", lambda _: pytest.fail("looked at by the table"))
    assert structure.structural_issues(SPEC, GOOD[1]) == []
