"""A SearchParameter is taken or refused, with the place of the fault."""

import pytest

from fhir_server.search.definition import clashes, defined_here, issues, row_of
from fhir_server.search.index import index_fields
from fhir_server.search.place import Place

URL = "http://example.org/SearchParameter/village"


def defined(**changed):
    resource = {
        "resourceType": "SearchParameter",
        "id": "village",
        "url": URL,
        "name": "Village",
        "status": "active",
        "description": "The village a patient is from.",
        "code": "village",
        "base": ["Patient"],
        "type": "token",
        "expression": "Patient.extension('http://example.org/village')",
    } | changed
    return {name: value for name, value in resource.items() if value is not None}


def told(spec, **changed):
    return [(one.expression, one.code) for one in issues(spec, defined(**changed))]


def test_a_parameter_that_compiles_is_taken(spec):
    assert told(spec) == []


@pytest.mark.parametrize("code", ["_village", "a.b", "$a", "9a", "a:b", "", "a b", "đ", "a" * 65])
def test_a_code_that_is_no_field_of_mongodb_is_refused(spec, code):
    assert told(spec, code=code) == [("SearchParameter.code", "value")]


@pytest.mark.parametrize(
    ("changed", "place", "code"),
    [
        ({"base": ["Patient", "Nothing"]}, "base[1]", "business-rule"),
        ({"base": ["HumanName"]}, "base[0]", "business-rule"),
        ({"type": "special"}, "type", "not-supported"),
        ({"expression": None, "xpath": "f:Patient"}, "expression", "required"),
        ({"expression": "Patient.nothing"}, "expression", "business-rule"),
        ({"expression": "Patient.("}, "expression", "business-rule"),
        ({"expression": "Patient.name.given & 'x'"}, "expression", "business-rule"),
        ({"expression": "Observation.code"}, "expression", "business-rule"),
        ({"code": "name"}, "code", "business-rule"),
        (
            {"base": ["Resource"], "code": "name", "expression": "Resource.meta.tag"},
            "code",
            "business-rule",
        ),
        (
            {"url": "http://hl7.org/fhir/SearchParameter/individual-gender"},
            "url",
            "business-rule",
        ),
    ],
)
def test_what_cannot_be_used_is_refused_where_it_stands(spec, changed, place, code):
    assert told(spec, **changed) == [(f"SearchParameter.{place}", code)]


@pytest.mark.parametrize(
    "expression",
    [
        "Patient.name" + " | Patient.name" * 400,
        "Patient.name.where(" * 4 + "given" + ")" * 4,
        "Patient.name.where((given | given).exists())",
        "Patient.name.where(%resource.name.exists())",
    ],
)
def test_an_expression_that_costs_too_much_at_every_write_is_refused(spec, expression):
    assert told(spec, expression=expression) == [("SearchParameter.expression", "too-costly")]


@pytest.mark.parametrize("sign", ["(", "Patient.where(", "-", "[", "Patient.name[", "'"])
def test_an_expression_nested_without_end_is_refused(spec, sign):
    assert told(spec, expression=sign * (2_000 // len(sign)))[0][0] == "SearchParameter.expression"


def test_a_path_of_too_many_steps_is_refused(spec):
    [(place, _)] = told(spec, expression="Patient" + ".extension" * 150)
    assert place == "SearchParameter.expression"


def test_a_base_named_a_thousand_times_is_one_base(spec):
    assert told(spec, base=["Patient"] * 1000) == []
    assert row_of(defined(base=["Patient"] * 1000)).base == ("Patient",)


def test_the_servers_own_parameter_and_one_derived_from_it_change_nothing(spec):
    url = "http://hl7.org/fhir/SearchParameter/Patient-name"
    own = spec.parameters[url]
    same = {"code": own.code, "type": own.type, "base": list(own.base)}
    assert defined_here(spec, defined(url=url, expression=own.expression, **same))
    assert defined_here(spec, defined(derivedFrom=f"{url}|4.0.1", **same))
    assert not defined_here(spec, defined(derivedFrom=url))
    assert not defined_here(spec, defined(url=url, **same))


def test_two_parameters_of_one_code_clash_only_where_a_type_has_both(spec):
    row = row_of(defined())
    other = defined(url=f"{URL}-2", base=["DomainResource"], expression="DomainResource.language")
    assert [one.expression for one in clashes(spec, row, [row_of(other)])] == [
        "SearchParameter.code"
    ]
    apart = defined(url=f"{URL}-2", base=["Observation"], expression="Observation.status")
    assert list(clashes(spec, row, [row_of(apart)])) == []
    assert [one.expression for one in clashes(spec, row, [row])] == ["SearchParameter.url"]


def test_a_stored_parameter_is_indexed_though_it_cannot_be_asked_yet(spec):
    now = spec.with_stored([row_of(defined())])
    assert "village" in now.search_params("Patient")
    assert now.index_format("Patient") == spec.index_format("Patient")
    patient = {
        "resourceType": "Patient",
        "extension": [{"url": "http://example.org/village", "valueCode": "v1"}],
    }
    assert index_fields(now, patient, Place(), identity="1")["village"] == ["|v1", "*|v1"]
    assert "village" not in spec.search_params("Patient")
    assert "village" not in now.search_params("Person")


def composite(*definitions):
    parts = [{"definition": url, "expression": text} for url, text in definitions]
    return {"base": ["Observation"], "type": "composite", "expression": "Observation"} | {
        "component": parts
    }


def test_a_composite_is_made_of_parameters_the_server_came_with(spec):
    known = "http://hl7.org/fhir/SearchParameter/clinical-code"
    assert told(spec, **composite((known, "code"), (known, "category"))) == []
    assert told(spec, **composite((known, "code"), (URL, "category"))) == [
        ("SearchParameter.component[1].definition", "business-rule")
    ]
    assert told(spec, **composite((known, "code"), (known, "nothing"))) == [
        ("SearchParameter.expression", "business-rule")
    ]
