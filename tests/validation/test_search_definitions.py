"""What is said of a search parameter agrees with its definition."""

import pytest

from fhir_server.validation.findings import Definitions, Visit
from fhir_server.validation.questions import Questions
from fhir_server.validation.search_definitions import capability_findings, parameter_findings

NAME = "http://hl7.org/fhir/SearchParameter/Organization-name"


def found(spec, rule, resource):
    findings = rule(resource, Visit(Definitions(spec), Questions(), resource, resource)) or ()
    assert all(severity == "error" and told for _, severity, _, told in findings)
    return [(place, code) for place, _, code, _ in findings]


def parameter(**more):
    return {"type": "string", "base": ["Organization"], "derivedFrom": NAME, **more}


@pytest.mark.parametrize(
    ("more", "place"),
    [
        ({"type": "token"}, ".type"),
        ({"base": ["Organization", "Patient"]}, ".base[1]"),
        ({"derivedFrom": f"{NAME}|4.0.1", "type": "token"}, ".type"),
    ],
)
def test_a_derived_parameter_keeps_type_and_base(spec, more, place):
    assert found(spec, parameter_findings, parameter()) == []
    assert found(spec, parameter_findings, parameter(**more)) == [(place, "invariant")]


def test_a_parameter_derived_from_an_unknown_one_is_compared_with_nothing(spec):
    unknown = parameter(derivedFrom="http://example.org/x", type="token")
    assert found(spec, parameter_findings, unknown) == []


def test_a_composite_has_two_components(spec):
    composite = {"type": "composite", "base": ["Patient"], "component": [{}]}
    assert found(spec, parameter_findings, composite) == [(".component", "invariant")]
    assert found(spec, parameter_findings, {**composite, "component": [{}, {}]}) == []


@pytest.mark.parametrize(("type_", "wrong"), [("string", False), ("token", True)])
def test_a_capability_statement_gives_the_type_of_the_definition(spec, type_, wrong):
    search = [{"name": "x", "type": "uri"}, {"name": "name", "definition": NAME, "type": type_}]
    statement = {"rest": [{"resource": [{"type": "Organization", "searchParam": search}]}]}
    place = ".rest[0].resource[0].searchParam[1].type"
    expected = [(place, "invariant")] if wrong else []
    assert found(spec, capability_findings, statement) == expected
