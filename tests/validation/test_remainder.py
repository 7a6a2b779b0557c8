"""A resource that is badly built in one place is judged by rules in the others all the same."""

import pytest

from fhir_server.interactions.judging import definitions
from fhir_server.spec.spec import load
from fhir_server.validation.questions import Questions
from fhir_server.validation.validator import issues

SPEC = load()
PERIOD = {"start": "2020-02-02", "end": "2020-01-01"}


def told(resource):
    found = issues(definitions(SPEC), resource, (), Questions())
    return [(one.expression, one.code) for one in found]


def test_faults_of_structure_and_of_rules_are_told_together():
    name = [{"family": "A", "period": PERIOD}]
    resource = {"resourceType": "Patient", "gender": "man", "name": name, "contact": [{}]}
    assert told(resource) == [
        ("Patient.gender", "code-invalid"),
        ("Patient.contact[0]", "structure"),
        ("Patient.name[0].period", "invariant"),
    ]


def test_nothing_is_said_of_what_was_left_out_nor_of_the_whole():
    # obs-6 asks for either of the two, and dom-6 for a narrative.
    resource = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"text": "x"},
        "dataAbsentReason": {"text": "x"},
        "valueQuantity": {"value": "1"},
    }
    assert told(resource) == [("Observation.value.value", "structure")]


def test_elements_that_are_missing_keep_no_rule_from_being_asked():
    resource = {"resourceType": "Observation", "effectivePeriod": PERIOD}
    assert told(resource) == [
        ("Observation.status", "required"),
        ("Observation.code", "required"),
        ("Observation.effective", "invariant"),
    ]


@pytest.mark.parametrize(
    "resource",
    [
        {}, {"resourceType": "Nobody"}, {"resourceType": ["Patient"]}, {"resourceType": None},
        {"resourceType": "Patient", "": 1}, {"resourceType": "Patient", "meta": []},
        {"resourceType": "Patient", "meta": {"profile": 1}, "contained": 1},
        {"resourceType": "Bundle", "entry": [{"resource": 1}]}, {"resourceType": "Bundle"},
        {"resourceType": "Parameters", "parameter": [{}]}, {"resourceType": "Questionnaire"},
        {"resourceType": "StructureDefinition", "differential": {}},
        {"resourceType": "QuestionnaireResponse"}, {"resourceType": "MeasureReport"},
        {"resourceType": "ValueSet", "compose": {"include": {}}},
        {"resourceType": "SearchParameter"},
    ],
)  # fmt: skip
def test_whatever_is_wrong_ends_in_issues(resource):
    assert told(resource)


def test_a_type_without_its_required_elements_is_judged_without_a_crash():
    for type_ in SPEC.types:
        assert isinstance(told({"resourceType": type_, "id": "a b"}), list)
