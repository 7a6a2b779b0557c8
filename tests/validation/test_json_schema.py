"""A JSON Schema made from definitions takes and refuses what the validator's structure does."""

import copy

import pytest
from jsonschema import Draft202012Validator

from fhir_server.validation.json_schema import json_schema
from fhir_server.validation.structure import structural_issues
from tests.validation.base import SPEC, observation, patient

PATIENT = patient(
    id="p1",
    meta={"lastUpdated": "2026-01-01T00:00:00Z", "profile": ["http://example.org/p|1"]},
    extension=[{"url": "http://example.org/x", "valueCode": "a b"}],
    identifier=[{"system": "urn:x", "value": "1"}],
    active=True,
    name=[{"given": ["A"], "_given": [{"id": "x"}]}],
    gender="female",
    birthDate="2000-02-29",
    multipleBirthInteger=2,
    contained=[{"resourceType": "Organization", "id": "o", "name": "x"}],
    managingOrganization={"reference": "#o"},
    link=[{"other": {"reference": "Patient/2"}, "type": "seealso"}],
)
OBSERVATION = observation(
    valueQuantity={"value": 3, "unit": "kg"},
    component=[{"code": {"text": "x"}, "valueString": "x"}],
    effectiveDateTime="2026-01",
)
WRONG = ["x y  z", "", 7, -1, True, [], {}, ["x"], {"unknown": 1}]


def agree(schema, resource):
    """Say whether the schema takes it; fails where the validator's structure says otherwise."""
    taken = Draft202012Validator(schema).is_valid(resource)
    assert taken == (structural_issues(SPEC, resource) == []), resource
    return taken


def places(value, path=()):
    """Yield the path to everything in a resource but what it contains."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if name != "contained":
                yield (*path, name)
                yield from places(inner, (*path, name))
    elif isinstance(value, list):
        for at, inner in enumerate(value):
            yield from places(inner, (*path, at))


def mutants(resource):
    """Yield the resource with each of its elements missing, and each replaced."""
    for *above, last in places(resource):
        for value in (None, *WRONG):
            changed = copy.deepcopy(resource)
            place = changed
            for step in above:
                place = place[step]
            if value is None:
                del place[last]
            else:
                place[last] = value
            yield changed


@pytest.mark.parametrize("resource", [PATIENT, OBSERVATION], ids=lambda one: one["resourceType"])
def test_it_takes_and_refuses_what_the_structure_does(resource):
    schema = json_schema(SPEC, resource["resourceType"])
    Draft202012Validator.check_schema(schema)
    assert agree(schema, resource)
    verdicts = [agree(schema, one) for one in mutants(resource)]
    assert verdicts.count(True) > 10
    assert verdicts.count(False) > 100


@pytest.mark.parametrize(
    ("more", "taken"),
    [
        ({"valueString": "x"}, False),
        ({"_valueString": {"id": "x"}}, False),
        ({"status": None}, False),
        ({"_status": {"extension": [{"url": "urn:x", "valueCode": "unknown"}]}}, True),
        ({"resourceType": "Patient"}, False),
        ({"issued": "2026-01-01T00:00:00"}, False),
        ({"issued": "2026-01-01T00:00:00Z\n"}, False),
        ({"issued": "2026-01-01T00:00:00Z"}, True),
    ],
)
def test_choices_companions_and_formats(more, taken):
    resource = {key: one for key, one in {**OBSERVATION, **more}.items() if one is not None}
    assert agree(json_schema(SPEC, "Observation"), resource) == taken


def test_an_array_of_primitives_may_have_gaps():
    name = {"given": ["A", None], "_given": [None, {"extension": [{"url": "urn:x"}]}]}
    name["_given"][1]["extension"][0]["valueCode"] = "x"
    assert agree(json_schema(SPEC, "Patient"), patient(name=[name]))


def test_an_abstract_type_has_none():
    with pytest.raises(KeyError):
        json_schema(SPEC, "DomainResource")
