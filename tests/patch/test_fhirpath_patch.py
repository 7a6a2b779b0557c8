"""FHIRPath Patch: each operation of the standard's page, and what it says of each."""

import pytest

from fhir_server.fhir import json
from fhir_server.fhir.errors import Unprocessable
from tests.patch.fhirpath_cases import CASES, FOUR
from tests.patch.written import operation, patient


@pytest.mark.parametrize(
    ("before", "operations", "after"), [row[1:] for row in CASES], ids=[row[0] for row in CASES]
)
def test_an_operation_does_what_the_standard_says(apply, before, operations, after):
    kept = json.dump(before)
    assert apply(before, *operations) == after
    assert json.dump(before) == kept


def test_a_decimal_keeps_its_digits(apply):
    value = json.parse(b'{"valueQuantity": {"value": 1.50}}')
    observation = {"resourceType": "Observation", "status": "final"}
    found = apply(observation, operation("add", "Observation", name="value", value=value))
    assert b'"value":1.50' in json.dump(found)


REFUSED = [
    ("Patient.identifier.period", "add", {"name": "end", "value": {"valueDate": "2021"}}, "no el"),
    ("Patient.identifier", "delete", {}, "several"),
    ("Patient.identifier", "replace", {"value": {"valueIdentifier": {}}}, "several"),
    ("Patient.birthDate", "replace", {"value": {"valueDate": "2000"}}, "no element"),
    ("Patient", "delete", {}, "whole resource"),
    ("Patient", "add", {"name": "active", "value": {"valueBoolean": True}}, "there already"),
    ("Patient", "add", {"name": "nickname", "value": {"valueString": "x"}}, "no element"),
    ("Patient", "add", {"name": "birthDate", "value": {"valuePeriod": {"start": "2000"}}}, "date"),
    ("Patient", "add", {"name": "maritalStatus", "value": {"valueString": "x"}}, "CodeableConcept"),
    ("Patient", "add", {"name": "deceased", "value": {"valueString": "x"}}, "boolean or dateTime"),
    (
        "Patient",
        "add",
        {"name": "deceased", "value": {"part": [{"name": "x", "valueCode": "y"}]}},
        "value[x]",
    ),
    (
        "Patient",
        "add",
        {"name": "contact", "value": {"part": [{"name": "x", "valueCode": "y"}]}},
        "no element",
    ),
    (
        "Patient.identifier",
        "insert",
        {"index": 3, "value": {"valueIdentifier": {"value": "x"}}},
        "no place 3",
    ),
    (
        "Patient.identifier",
        "insert",
        {"index": -1, "value": {"valueIdentifier": {"value": "x"}}},
        "no place -1",
    ),
    (
        "Patient.identifier[0]",
        "insert",
        {"index": 0, "value": {"valueIdentifier": {"value": "x"}}},
        "ends with",
    ),
    ("Patient.gender", "insert", {"index": 0, "value": {"valueCode": "male"}}, "no list"),
    ("Patient.nickname", "insert", {"index": 0, "value": {"valueCode": "male"}}, "no element"),
    ("Patient.identifier", "move", {"source": 2, "destination": 0}, "no place 2"),
    ("Patient.identifier", "move", {"source": 0, "destination": 2}, "no place 2"),
    ("Patient.nickname", "delete", {}, "no element"),
    ("Observation.status", "delete", {}, "is a Patient"),
    ("Patient.name.where(nickname = 'x')", "delete", {}, "no element"),
]


@pytest.mark.parametrize(("path", "type_", "parts", "why"), REFUSED)
def test_what_does_not_fit_names_the_operation(apply, path, type_, parts, why):
    resource = patient(identifier=FOUR[:2], active=True, name=[{"text": "a"}])
    with pytest.raises(Unprocessable) as refused:
        apply(resource, operation("delete", "Patient.gender"), operation(type_, path, **parts))
    (issue,) = refused.value.issues
    assert issue.expression == "Parameters.parameter[1]"
    assert f"{type_} {path}" in issue.diagnostics
    assert why in issue.diagnostics


def test_the_id_does_not_change(apply):
    with pytest.raises(Unprocessable) as refused:
        apply(patient(id="a"), operation("replace", "Patient.id", value={"valueId": "b"}))
    assert refused.value.issues[0].expression == "Patient.id"


def test_values_that_do_not_fit_each_other_end_in_an_error_not_in_a_fault(apply):
    junk = {"valueHumanName": {"given": "x", "period": 5, "_family": [], "extension": [3]}}
    add = operation("add", "Patient", name="name", value=junk)
    for type_, path, parts in (
        ("add", "Patient.name.period", {"name": "start", "value": {"valueDateTime": "2000"}}),
        ("replace", "Patient.name.period.start", {"value": {"valueDateTime": "2000"}}),
        ("replace", "Patient.name.given", {"value": {"valueString": "2000"}}),
        ("replace", "Patient.name.extension.url", {"value": {"valueUri": "2000"}}),
        ("replace", "Patient.name.extension('x').value", {"value": {"valueUri": "2000"}}),
        ("add", "Patient.name.given[0]", {"name": "id", "value": {"valueString": "2000"}}),
    ):
        with pytest.raises(Unprocessable):
            apply(patient(), add, operation(type_, path, **parts))
