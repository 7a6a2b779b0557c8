"""The Spec: R4 and what a guest's folder adds, from JSON alone."""

import json

import pytest

from fhir_server.spec.spec import SpecError, load
from tests.spec.values import values

BASE = "http://hl7.org/fhir/StructureDefinition/"
TOY = {
    "resourceType": "StructureDefinition",
    "url": "http://example.org/StructureDefinition/Toy",
    "kind": "resource",
    "abstract": False,
    "type": "Toy",
    "baseDefinition": BASE + "DomainResource",
    "derivation": "specialization",
    "differential": {
        "element": [
            {"path": "Toy"},
            {
                "path": "Toy.colour",
                "min": 1,
                "max": "1",
                "type": [{"code": "code"}],
                "binding": {
                    "strength": "required",
                    "valueSet": "http://example.org/ValueSet/colours|1",
                },
            },
            {
                "path": "Toy.owner",
                "min": 0,
                "max": "1",
                "type": [{"code": "Reference", "targetProfile": [BASE + "Patient"]}],
            },
            {"path": "Toy.part", "min": 0, "max": "*", "type": [{"code": "BackboneElement"}]},
            {
                "path": "Toy.part.size[x]",
                "min": 0,
                "max": "1",
                "type": [{"code": "Quantity"}, {"code": "string"}],
            },
            {"path": "Toy.part.part", "min": 0, "max": "*", "contentReference": "#Toy.part"},
        ]
    },
}
OWNER = {
    "resourceType": "SearchParameter",
    "url": "http://example.org/SearchParameter/Toy-owner",
    "code": "owner",
    "base": ["Toy"],
    "type": "reference",
    "expression": "Toy.owner",
    "target": ["Patient"],
}
COLOURS = {
    "resourceType": "ValueSet",
    "url": "http://example.org/ValueSet/colours",
    "compose": {"include": [{"system": "http://example.org/colours"}]},
}
SYSTEM = {
    "resourceType": "CodeSystem",
    "url": "http://example.org/colours",
    "content": "complete",
    "concept": [{"code": "red"}, {"code": "blue"}],
}
COMPARTMENT = {
    "resourceType": "CompartmentDefinition",
    "code": "Patient",
    "resource": [{"code": "Toy", "param": ["owner"]}, {"code": "Binary"}],
}


@pytest.fixture
def folder(tmp_path):
    def write(*resources):
        for number, resource in enumerate(resources):
            (tmp_path / f"{number}.json").write_text(json.dumps(resource), encoding="utf-8")
        return tmp_path

    return write


def test_r4_has_146_resource_types_and_five_compartments():
    spec = load()
    assert len(spec.types) == 146
    assert sorted(spec.compartments) == [
        "Device",
        "Encounter",
        "Patient",
        "Practitioner",
        "RelatedPerson",
    ]
    assert spec.compartment("Patient")["Observation"] == ("subject", "performer")
    assert "DomainResource" not in spec.types


def test_required_codes_are_listed_and_others_are_not():
    spec = load()
    gender = "http://hl7.org/fhir/ValueSet/administrative-gender"
    assert spec.codes(gender) == {"male", "female", "other", "unknown"}
    assert spec.codes(gender + "|4.0.1") == spec.codes(gender)
    assert spec.codes("http://hl7.org/fhir/ValueSet/mimetypes") is None


def test_a_toy_type_comes_from_json_alone(folder):
    spec = load([folder(TOY, OWNER, COLOURS, SYSTEM, COMPARTMENT)])
    toy = {"resourceType": "Toy", "owner": {"reference": "Patient/1"}}
    assert "Toy" in spec.types
    assert spec.codes("http://example.org/ValueSet/colours|1") == {"red", "blue"}
    owner = spec.search_params("Toy")["owner"]
    assert values(owner, toy) == [("Reference", {"reference": "Patient/1"})]
    assert "_lastUpdated" in spec.search_params("Toy")
    assert spec.compartment("Patient")["Toy"] == ("owner",)
    assert spec.compartment("Patient")["Observation"] == ("subject", "performer")
    assert spec.structures.keys("Toy.part")["part"].content == "Toy.part"
    assert spec.check() == load().check() + len(spec.search_params("Toy"))


def test_one_spec_knows_nothing_of_another(folder):
    assert "Toy" in load([folder(TOY)]).types
    assert "Toy" not in load().types


def test_a_guest_may_add_a_parameter_to_a_type_of_r4(folder):
    parameter = {**OWNER, "base": ["Patient"], "code": "born", "type": "date"}
    spec = load([folder({**parameter, "expression": "Patient.birthDate"})])
    assert spec.search_params("Patient")["born"].single
    assert spec.index_format("Patient") != load().index_format("Patient")
    assert spec.index_format("Person") == load().index_format("Person")


def test_a_bad_expression_is_named(folder):
    spec = load([folder(TOY, {**OWNER, "expression": "Toy.nonsense"})])
    with pytest.raises(SpecError, match=r"Toy-owner on Toy.*nonsense"):
        spec.check_added()


def test_a_parameter_that_selects_nothing_is_named(folder):
    spec = load([folder(TOY, {**OWNER, "expression": "Patient.name"})])
    with pytest.raises(SpecError, match="selects nothing"):
        spec.check_added()


@pytest.mark.parametrize(
    ("resource", "named"),
    [
        ({**TOY, "type": "Patient"}, "Patient is defined already"),
        ({**TOY, "baseDefinition": BASE + "Nothing"}, "base 'Nothing'"),
        ({**TOY, "differential": None}, "neither snapshot nor differential"),
        ({key: value for key, value in TOY.items() if key != "type"}, "'type' is missing"),
        ({**OWNER, "base": ["Nobody"]}, "based on Nobody"),
        ({**OWNER, "base": None}, "0.json"),
        ({**COMPARTMENT, "resource": [{"param": ["x"]}]}, "'code' is missing"),
        ({**COLOURS, "compose": {"include": [{"concept": [{}]}]}}, "'code' is missing"),
    ],
)
def test_a_definition_that_cannot_be_used_is_named(folder, resource, named):
    with pytest.raises(SpecError, match=named):
        load([folder(resource)])


def test_an_element_of_an_unknown_type_is_named(folder):
    element = {"path": "Toy.odd", "type": [{"code": "Nonsense"}]}
    with pytest.raises(SpecError, match=r"Toy\.odd has no known type"):
        load([folder({**TOY, "differential": {"element": [{"path": "Toy"}, element]}})])


def test_a_file_that_is_no_json_is_named(tmp_path):
    (tmp_path / "bad.json").write_text("{", encoding="utf-8")
    with pytest.raises(SpecError, match=r"bad\.json"):
        load([tmp_path])


def test_a_folder_may_hold_other_files(folder, tmp_path):
    folder({"resourceType": "Patient"}, [1, 2])
    (tmp_path / "README.md").write_text("nothing to define", encoding="utf-8")
    assert len(load([tmp_path]).types) == 146
