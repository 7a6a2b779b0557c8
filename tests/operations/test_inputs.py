"""Inputs of an operation: one reading of the URL, of Parameters, and of a resource as the body."""

import pytest

from fhir_server.fhir import json
from fhir_server.fhir.errors import Invalid, Unprocessable
from fhir_server.fhir.exchange import FhirRequest
from fhir_server.operations.inputs import inputs
from tests.operations.persons import parameters

KNOWN = {
    "when": "valueDate",
    "many": "valueCode*",
    "flag": "valueBoolean",
    "count": "valuePositiveInt",
    "who": "valueReference",
    "resource": "resource",
}


def asked(fhir, *pairs, body=None):
    content = json.dump(body) if body is not None else b""
    return inputs(fhir.context, FhirRequest("POST", "$x", pairs, body=content), KNOWN)


async def test_primitives_of_the_url_have_their_type(fhir):
    pairs = [("flag", "false"), ("count", "12"), ("when", "2026-11"), ("_pretty", "true")]
    assert asked(fhir, *pairs) == {"flag": False, "count": 12, "when": "2026-11"}
    assert asked(fhir) == {}


async def test_what_may_be_repeated_is_a_list_wherever_it_stands(fhir):
    body = parameters({"name": "many", "valueCode": "c"})
    assert asked(fhir, ("many", "a"), ("many", "b"), body=body) == {"many": ["a", "b", "c"]}


async def test_a_body_that_is_no_parameters_is_the_resource_as_it_was_sent(fhir):
    bad = {"resourceType": "Patient", "active": "perhaps"}
    assert asked(fhir, ("flag", "true"), body=bad) == {"flag": True, "resource": bad}
    assert asked(fhir, body=parameters({"name": "resource", "resource": bad})) == {"resource": bad}


@pytest.mark.parametrize(
    "pair",
    [
        ("flag", "yes"),
        ("count", "0"),
        ("count", "-1"),
        ("count", "9" * 40),
        ("count", "1.0"),
        ("count", "\u0663"),
        ("when", "2026-02-30"),
        ("many", ""),
        ("who", "Patient/1"),
        ("resource", "{}"),
        ("colour", "red"),
    ],
)
async def test_a_value_of_the_url_that_does_not_fit_is_refused(fhir, pair):
    with pytest.raises(Invalid):
        asked(fhir, pair)


async def test_one_name_in_url_and_body_stands_twice(fhir):
    with pytest.raises(Invalid):
        asked(fhir, ("flag", "true"), body=parameters({"name": "flag", "valueBoolean": True}))


@pytest.mark.parametrize(
    "part",
    [
        {"name": "flag", "valueString": "true"},
        {"name": "flag", "resource": {"resourceType": "Patient"}},
        {"name": "resource", "valueString": "x"},
        {"name": "colour", "valueString": "red"},
    ],
)
async def test_a_part_of_another_kind_is_refused_with_its_place(fhir, part):
    with pytest.raises(Invalid) as refused:
        asked(fhir, body=parameters({"name": "count", "valuePositiveInt": 1}, part))
    assert refused.value.issues[0].expression == "Parameters.parameter[1]"


@pytest.mark.parametrize("parts", [[1], [{"name": ["flag"], "resource": {}}], ["x"], [{}]])
async def test_parameters_that_are_not_well_made_are_refused(fhir, parts):
    with pytest.raises(Unprocessable):
        asked(fhir, body={"resourceType": "Parameters", "parameter": parts})
