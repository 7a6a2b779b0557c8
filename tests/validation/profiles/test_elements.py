"""Elements of profiles: cardinality, types, values, bindings, each with its place."""

from typing import Any

import pytest

from tests.validation.profiles.conftest import CORE, PROFILE, definition

PATIENT: dict[str, Any] = {
    "resourceType": "Patient",
    "name": [{"family": "An", "given": ["Bình", "Chi"]}, {"text": "x"}],
    "gender": "female",
    "birthDate": "1990-05",
    "multipleBirthInteger": 2,
    "contact": [{"name": {"family": "Dung"}}, {"gender": "male"}],
    "generalPractitioner": [{"reference": "Organization/1"}],
    "maritalStatus": {"coding": [{"system": "http://example.org/s", "code": "M"}], "text": "m"},
}

# (element of the profile, where it is wrong; '' if nothing is)
ROWS = [
    ({"path": "name", "min": 2}, ""),
    ({"path": "name", "min": 3}, "Patient.name"),
    ({"path": "name", "max": "1"}, "Patient.name"),
    ({"path": "photo", "min": 1}, "Patient.photo"),
    ({"path": "photo", "max": "0"}, ""),
    ({"path": "gender", "max": "0"}, "Patient.gender"),
    ({"path": "name.given", "min": 1}, "Patient.name[1].given"),
    ({"path": "name.given", "max": "1"}, "Patient.name[0].given"),
    ({"path": "contact.name", "min": 1}, "Patient.contact[1].name"),
    ({"path": "contact.name.family", "fixedString": "Dung"}, ""),
    ({"path": "contact.name.family", "fixedString": "D"}, "Patient.contact[0].name.family"),
    ({"path": "multipleBirth[x]", "type": [{"code": "integer"}]}, ""),
    ({"path": "multipleBirth[x]", "type": [{"code": "boolean"}]}, "Patient.multipleBirth"),
    ({"path": "multipleBirthInteger", "min": 1}, ""),
    ({"path": "multipleBirthBoolean"}, "Patient.multipleBirth"),
    ({"path": "multipleBirthInteger", "minValueInteger": 2}, ""),
    ({"path": "multipleBirthInteger", "minValueInteger": 3}, "Patient.multipleBirth"),
    ({"path": "multipleBirthInteger", "maxValueInteger": 1}, "Patient.multipleBirth"),
    ({"path": "birthDate", "minValueDate": "1990"}, ""),
    ({"path": "birthDate", "minValueDate": "1990-06-01"}, "Patient.birthDate"),
    ({"path": "birthDate", "maxValueDate": "1990-04-30"}, "Patient.birthDate"),
    ({"path": "name.family", "maxLength": 2}, ""),
    ({"path": "name.family", "maxLength": 1}, "Patient.name[0].family"),
    ({"path": "maritalStatus", "patternCodeableConcept": {"text": "m"}}, ""),
    ({"path": "maritalStatus", "fixedCodeableConcept": {"text": "m"}}, "Patient.maritalStatus"),
    (
        {"path": "maritalStatus", "patternCodeableConcept": {"coding": [{"code": "M"}]}},
        "",
    ),
    (
        {"path": "maritalStatus", "patternCodeableConcept": {"coding": [{"code": "S"}]}},
        "Patient.maritalStatus",
    ),
    (
        {
            "path": "maritalStatus",
            "binding": {
                "strength": "required",
                "valueSet": "http://hl7.org/fhir/ValueSet/link-type",
            },
        },
        "Patient.maritalStatus",
    ),
    (
        {
            "path": "generalPractitioner",
            "type": [{"code": "Reference", "targetProfile": [f"{CORE}Organization"]}],
        },
        "",
    ),
    (
        {
            "path": "generalPractitioner",
            "type": [{"code": "Reference", "targetProfile": [f"{CORE}Practitioner"]}],
        },
        "Patient.generalPractitioner[0]",
    ),
]


@pytest.mark.parametrize(("element", "place"), ROWS)
def test_an_element_is_as_its_profile_says(judged, element, place):
    found = judged(PATIENT, definition("Patient", element))
    assert {issue.expression for issue in found} == ({place} if place else set())


def rule(path: str, expression: str, severity: str = "error") -> dict[str, Any]:
    told = {"key": "x-1", "severity": severity, "human": "so it is", "expression": expression}
    return definition("Patient", {"path": path, "constraint": [told]})


def test_a_profiles_rules_are_checked_where_they_stand(judged):
    assert not judged(PATIENT, rule("", "gender.exists() and %resource.name.count() = 2"))
    (issue,) = judged(PATIENT, rule("name", "given.exists()"))
    assert (issue.expression, issue.code) == ("Patient.name[1]", "invariant")
    assert issue.diagnostics.startswith("x-1: so it is")
    (issue,) = judged(PATIENT, rule("name.given", "$this = 'Bình'", "warning"))
    assert (issue.expression, issue.severity) == ("Patient.name[0].given[1]", "warning")


@pytest.mark.parametrize("expression", ["name.", "name.family > 1", "nowhere()"])
def test_a_rule_that_cannot_be_checked_is_said_so(judged, expression):
    (issue,) = judged(PATIENT, rule("", expression))
    assert (issue.severity, issue.code) == ("warning", "not-supported")
    assert "x-1" in issue.diagnostics


def test_a_decimal_is_compared_by_its_value(judged):
    resource = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"text": "x"},
        "valueQuantity": {"value": 1.5, "unit": "kg"},
    }
    assert not judged(
        resource,
        definition("Observation", {"path": "value[x]", "patternQuantity": {"value": 1.50}}),
    )
    assert judged(
        resource,
        definition("Observation", {"path": "value[x]", "patternQuantity": {"value": 1.51}}),
    )


def extended(name: str, **value: Any) -> dict[str, Any]:
    return definition("Patient", {"path": "birthDate", "extension": [{"url": name, **value}]})


def test_rules_written_as_extensions_hold(judged):
    later = "http://hl7.org/fhir/5.0/StructureDefinition/extension-ElementDefinition."
    absent = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
    without = {
        "resourceType": "Patient",
        "_birthDate": {"extension": [{"url": absent, "valueCode": "unknown"}]},
    }
    assert judged(without, extended(f"{later}mustHaveValue", valueBoolean=True))
    assert not judged(PATIENT, extended(f"{later}mustHaveValue", valueBoolean=True))
    assert not judged(without, extended(f"{later}valueAlternatives", valueCanonical=absent))
    assert judged(without, extended(f"{later}valueAlternatives", valueCanonical="http://x.example"))
    assert judged(PATIENT, extended(f"{CORE}minLength", valueInteger=8))
    assert not judged(PATIENT, extended(f"{CORE}minLength", valueInteger=7))


def test_a_quantity_is_compared_in_another_unit_of_ucum(judged):
    ucum = "http://unitsofmeasure.org"
    least = {"value": 1, "system": ucum, "code": "kg"}
    mine = definition("Observation", {"path": "value[x]", "minValueQuantity": least})

    def observed(value: float, code: str) -> dict[str, Any]:
        quantity = {"value": value, "system": ucum, "code": code}
        given = {"status": "final", "code": {"text": "x"}, "valueQuantity": quantity}
        return {"resourceType": "Observation", **given}

    assert not judged(observed(1500, "g"), mine)
    assert not judged(observed(5, "cm"), mine)
    (issue,) = judged(observed(999, "g"), mine)
    assert issue.expression == "Observation.value"


def test_an_extension_of_a_primitive_is_one_of_its_elements(judged):
    resource = {
        "resourceType": "Patient",
        "_birthDate": {"extension": [{"url": "http://example.org/e", "valueCode": "unknown"}]},
    }
    assert not judged(resource, definition("Patient", {"path": "birthDate", "min": 1}))
    assert not judged(resource, definition("Patient", {"path": "birthDate.extension", "min": 1}))
    (issue,) = judged(resource, definition("Patient", {"path": "birthDate.extension", "min": 2}))
    assert issue.expression == "Patient.birthDate.extension"


def test_what_an_element_repeats_is_checked_at_every_level(judged):
    resource = {
        "resourceType": "Questionnaire",
        "status": "draft",
        "item": [
            {
                "linkId": "1",
                "text": "a",
                "type": "group",
                "item": [{"linkId": "2", "type": "group"}],
            }
        ],
    }
    (issue,) = judged(resource, definition("Questionnaire", {"path": "item.text", "min": 1}))
    assert issue.expression == "Questionnaire.item[0].item[0].text"


def test_resources_inside_are_checked_by_the_profile_named_for_them(judged):
    inner = definition("Patient", {"path": "name", "min": 1}, url="http://example.org/patient")
    bundle = definition(
        "Bundle",
        {"path": "entry.resource", "type": [{"code": "Patient", "profile": [inner["url"]]}]},
    )
    good = {"resourceType": "Patient", "name": [{"text": "x"}]}
    resource = {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [{"resource": good}, {"resource": {"resourceType": "Patient"}}],
    }
    (issue,) = judged(resource, bundle, inner)
    assert issue.expression == "Bundle.entry[1].resource.name"
    resource["entry"] = [{"resource": {"resourceType": "Group", "type": "person", "actual": True}}]
    found = judged(resource, bundle, inner)
    assert {issue.expression for issue in found} == {"Bundle.entry[0].resource"}


def test_a_profile_of_another_type_is_refused(judged):
    (issue,) = judged({"resourceType": "Group"}, definition("Patient"))
    assert "is of Patient, not of Group" in issue.diagnostics


def test_what_a_profile_imposes_is_checked_too(judged):
    other = definition("Patient", {"path": "photo", "min": 1}, url="http://example.org/q")
    imposing = definition(
        "Patient",
        extension=[
            {
                "url": f"{CORE}structuredefinition-imposeProfile",
                "valueCanonical": other["url"],
            }
        ],
    )
    (issue,) = judged(PATIENT, imposing, other)
    assert issue.expression == "Patient.photo"


def test_a_profile_that_is_not_known_is_said_so_and_asked_for(judged):
    unknown = definition("Patient", base="http://example.org/none")
    (issue,) = judged(PATIENT, unknown)
    assert (issue.severity, issue.code) == ("warning", "not-supported")
    assert "http://example.org/none" in issue.diagnostics


def test_profiles_that_require_each_other_come_to_an_end(judged):
    one = definition(
        "Bundle",
        {
            "path": "entry.resource",
            "type": [{"code": "Bundle", "profile": ["http://example.org/b"]}],
        },
    )
    two = definition(
        "Bundle",
        {"path": "entry.resource", "type": [{"code": "Bundle", "profile": [one["url"]]}]},
        {"path": "total", "min": 1},
        url="http://example.org/b",
        extension=[
            {"url": f"{CORE}structuredefinition-imposeProfile", "valueCanonical": one["url"]}
        ],
    )
    inner = {"resourceType": "Bundle", "type": "collection"}
    resource = {
        **inner,
        "entry": [{"resource": {**inner, "entry": [{"resource": inner}]}}],
    }
    found = judged(resource, one, two)
    assert {issue.expression for issue in found} == {
        "Bundle.entry[0].resource.total",
        "Bundle.entry[0].resource.entry[0].resource.total",
    }


def test_a_contained_resource_is_the_resource_of_its_own_rules(judged):
    rule = {"key": "x-1", "severity": "error", "human": "x"}
    outer = "%resource.type().name = 'Practitioner' and %rootResource.type().name = 'Patient'"
    resource = {
        "resourceType": "Patient",
        "contained": [{"resourceType": "Practitioner", "id": "p", "name": [{"text": "x"}]}],
        "generalPractitioner": [{"reference": "#p"}],
    }
    whole = {"path": "contained", "type": [{"code": "Practitioner"}]}
    for expression, count in ((outer, 0), (f"({outer}).not()", 1)):
        named = {"path": "contained.name", "constraint": [{**rule, "expression": expression}]}
        assert len(judged(resource, definition("Patient", whole, named))) == count


def test_what_is_sliced_says_itself_what_repeats_in_it(judged):
    sliced = {
        "path": "parameter.part",
        "slicing": {"rules": "open", "discriminator": [{"type": "value", "path": "name"}]},
    }
    inner = {"id": "Parameters.parameter.part:one.name", "path": "parameter.part.name"}
    mine = definition(
        "Parameters",
        {"path": "parameter.name", "fixedString": "outer"},
        sliced,
        {"id": "Parameters.parameter.part:one", "path": "parameter.part", "sliceName": "one"},
        {**inner, "fixedString": "inner"},
    )
    part = {"name": "inner", "valueString": "x"}
    resource = {"resourceType": "Parameters", "parameter": [{"name": "outer", "part": [part]}]}
    assert not judged(resource, mine)
    resource["parameter"][0]["name"] = "other"
    (issue,) = judged(resource, mine)
    assert issue.expression == "Parameters.parameter[0].name"


def test_resources_that_all_refer_to_each_other_are_judged_once_each(judged):
    # On every way from one to the others that would be millions of times.
    count = 12
    target = {"code": "Reference", "targetProfile": [PROFILE]}
    mine = definition("Patient", {"path": "link.other", "type": [target]})
    bundled = definition(
        "Bundle",
        {"path": "entry.resource", "type": [{"code": "Patient", "profile": [PROFILE]}]},
        url="http://example.org/b",
    )

    def link(number: int) -> dict[str, Any]:
        return {"other": {"reference": f"Patient/{number}"}, "type": "seealso"}

    entries = [
        {
            "fullUrl": f"http://example.org/Patient/{one}",
            "resource": {
                "resourceType": "Patient",
                "id": str(one),
                "link": [link(other) for other in range(count) if other != one],
            },
        }
        for one in range(count)
    ]
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": entries}
    assert not judged(bundle, bundled, mine)
