"""Invariants: those of R4 and of guests' types, evaluated only where what they read is there."""

import json

import pytest

from fhir_server.spec.spec import load
from fhir_server.validation import invariants
from tests.validation.base import NARRATIVE, SPEC, observation, patient, places, told


@pytest.mark.parametrize(
    ("resource", "place", "key"),
    [
        (
            observation(dataAbsentReason={"text": "x"}, valueString="x"),
            "Observation",
            "obs-6",
        ),
        (
            observation(referenceRange=[{"appliesTo": [{"text": "x"}]}]),
            "Observation.referenceRange[0]",
            "obs-3",
        ),
        (observation(valueQuantity={"code": "mg"}), "Observation.value", "qty-3"),
        (
            {"resourceType": "Organization", "text": NARRATIVE, "active": True},
            "Organization",
            "org-1",
        ),
        (
            {
                "resourceType": "Organization",
                "text": NARRATIVE,
                "name": "x",
                "address": [{"use": "home"}],
            },
            "Organization.address[0]",
            "org-2",
        ),
        (
            {
                "resourceType": "Questionnaire",
                "text": NARRATIVE,
                "status": "draft",
                "item": [
                    {"linkId": "1", "type": "group", "item": [{"linkId": "1", "type": "text"}]}
                ],
            },
            "Questionnaire.item",
            "que-2",
        ),
        (
            {
                "resourceType": "CodeSystem",
                "text": NARRATIVE,
                "status": "draft",
                "content": "complete",
                "concept": [{"code": "a", "concept": [{"code": "b"}, {"code": "a"}]}],
            },
            "CodeSystem.concept",
            "csd-1",
        ),
    ],
)
def test_a_broken_invariant_is_named_with_its_place(resource, place, key):
    [(where, code, sentence)] = told(resource)
    assert (where, code) == (place, "invariant")
    assert sentence.startswith(f"{key}: ")


def test_an_invariant_that_only_advises_is_a_warning():
    [(place, _, sentence)] = told({"resourceType": "Patient", "active": True}, severity="warning")
    assert place == "Patient"
    assert sentence.startswith("dom-6")


def test_every_invariant_is_judged_by_hand_or_in_fhirpath():
    known = {
        one.key
        for structure in SPEC.structures.by_name.values()
        for rules in structure.invariants.values()
        for one in rules
    }
    assert invariants.NATIVE.keys() <= known
    for content in SPEC.structures.by_name:
        list(invariants.of(SPEC, content))


@pytest.fixture
def toy(tmp_path):
    definition = {
        "resourceType": "StructureDefinition",
        "url": "http://example.org/StructureDefinition/Toy",
        "name": "Toy",
        "status": "active",
        "kind": "resource",
        "abstract": False,
        "type": "Toy",
        "baseDefinition": "http://hl7.org/fhir/StructureDefinition/DomainResource",
        "derivation": "specialization",
        "differential": {
            "element": [
                {
                    "path": "Toy",
                    "constraint": [
                        {
                            "key": "toy-1",
                            "severity": "error",
                            "human": "A red toy has no owner",
                            "expression": "colour = 'red' implies owner.empty()",
                        },
                        {
                            "key": "toy-2",
                            "severity": "error",
                            "human": "No text is a number",
                            "expression": "owner.exists() implies colour > 1",
                        },
                    ],
                },
                {"path": "Toy.colour", "min": 0, "max": "1", "type": [{"code": "string"}]},
                {"path": "Toy.owner", "min": 0, "max": "1", "type": [{"code": "string"}]},
            ]
        },
    }
    (tmp_path / "toy.json").write_text(json.dumps(definition), encoding="utf-8")
    return load([tmp_path])


def test_a_guests_type_has_its_invariants(toy):
    good = {"resourceType": "Toy", "text": NARRATIVE, "colour": "blue", "owner": "x"}
    assert told(good, spec=toy) == []
    assert places({**good, "colour": "red"}, spec=toy) == ["Toy"]
    assert places({**patient(), "telecom": [{"value": "1"}]}, spec=toy) == ["Patient.telecom[0]"]


def test_an_invariant_that_cannot_be_judged_is_a_warning_and_no_failure(toy):
    resource = {"resourceType": "Toy", "text": NARRATIVE, "colour": "blue", "owner": "x"}
    [(place, code, sentence)] = told(resource, spec=toy, severity="warning")
    assert (place, code) == ("Toy", "processing")
    assert sentence.startswith("toy-2 could not be judged")


@pytest.mark.parametrize(("high", "faults"), [(500, ["Observation.value"]), (1500, [])])
def test_quantities_are_compared_across_units(high, faults):
    system = "http://unitsofmeasure.org"
    range_ = {
        "low": {"value": 1, "system": system, "code": "kg"},
        "high": {"value": high, "system": system, "code": "g"},
    }
    assert places(observation(valueRange=range_)) == faults
