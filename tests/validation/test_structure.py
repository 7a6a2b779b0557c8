"""The structure of resources: what is refused, where, and with which code."""

import json
from pathlib import Path

import pytest

from fhir_server.fhir import json as fhir_json
from fhir_server.spec.spec import load
from fhir_server.validation.structure import structural_issues

SPEC = load()
NARRATIVE = {"status": "generated", "div": "<div>x</div>"}


def told(resource, **options):
    issues = structural_issues(SPEC, resource, **options)
    assert all(issue.severity == "error" for issue in issues)
    return [(issue.expression, issue.code) for issue in issues]


def patient(**elements):
    return {"resourceType": "Patient", **elements}


def observation(**elements):
    return {"resourceType": "Observation", "status": "final", "code": {"text": "x"}, **elements}


def test_a_well_made_patient_has_no_issue():
    resource = patient(
        id="a",
        meta={"versionId": "1", "lastUpdated": "2020-01-01T00:00:00Z"},
        text=NARRATIVE,
        name=[{"family": "Nguyễn", "given": ["Thị", "Bưởi"]}],
        birthDate="1999",
        deceasedBoolean=False,
        contact=[{"gender": "female"}],
    )
    assert told(resource) == []


@pytest.mark.parametrize(
    ("elements", "place", "code"),
    [
        ({"nickname": "x"}, "Patient.nickname", "structure"),
        ({"a b": "x"}, "Patient", "structure"),
        ({"__proto__": {}}, "Patient.__proto__", "structure"),
        ({"name": {"family": "x"}}, "Patient.name", "structure"),
        ({"name": []}, "Patient.name", "structure"),
        ({"name": [{}]}, "Patient.name[0]", "structure"),
        ({"name": None}, "Patient.name", "structure"),
        ({"name": ["An"]}, "Patient.name[0]", "structure"),
        ({"name": [{"given": "An"}]}, "Patient.name[0].given", "structure"),
        ({"name": [{"given": ["An", ""]}]}, "Patient.name[0].given[1]", "value"),
        ({"name": [{"family": ["An"]}]}, "Patient.name[0].family", "structure"),
        ({"gender": "Male"}, "Patient.gender", "code-invalid"),
        ({"gender": None}, "Patient.gender", "structure"),
        ({"birthDate": "1999-02-30"}, "Patient.birthDate", "value"),
        ({"maritalStatus": {}}, "Patient.maritalStatus", "structure"),
        ({"maritalStatus": []}, "Patient.maritalStatus", "structure"),
        (
            {"maritalStatus": {"resourceType": "x"}},
            "Patient.maritalStatus.resourceType",
            "structure",
        ),
        ({"active": "true"}, "Patient.active", "structure"),
        ({"deceasedString": "x"}, "Patient.deceasedString", "structure"),
        ({"deceased": True}, "Patient.deceased", "structure"),
        ({"deceasedBoolean": True, "deceasedDateTime": "2020"}, "Patient.deceased", "structure"),
        ({"text": {"status": "generated"}}, "Patient.text.div", "required"),
        ({"text": {**NARRATIVE, "div": "x"}}, "Patient.text.div", "value"),
        ({"text": {**NARRATIVE, "_div": {"id": "a"}}}, "Patient.text._div", "structure"),
        ({"extension": [{"valueCode": "x"}]}, "Patient.extension[0].url", "required"),
        (
            {"extension": [{"url": "a", "_url": {"id": "a"}}]},
            "Patient.extension[0]._url",
            "structure",
        ),
        ({"link": [{"type": "seealso"}]}, "Patient.link[0].other", "required"),
        ({"id": "a/b"}, "Patient.id", "value"),
        ({"_birthDate": {}}, "Patient.birthDate", "structure"),
        ({"_birthDate": {"value": "x"}}, "Patient.birthDate.value", "structure"),
        ({"_name": [{"id": "x"}]}, "Patient._name", "structure"),
        ({"contained": [{"resourceType": "Nobody"}]}, "Patient.contained[0]", "structure"),
        ({"contained": [patient(x=1)]}, "Patient.contained[0].x", "structure"),
        ({"contained": [patient(contained=[])]}, "Patient.contained[0].contained", "invariant"),
        ({"contained": ["x"]}, "Patient.contained[0]", "structure"),
    ],
)
def test_what_a_patient_cannot_have_is_refused_with_its_place(elements, place, code):
    assert told(patient(**elements)) == [(place, code)]


def test_what_is_required_is_missed():
    assert told({"resourceType": "Observation"}) == [
        ("Observation.status", "required"),
        ("Observation.code", "required"),
    ]


def test_an_extension_may_stand_for_a_required_value():
    absent = {"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason"}
    resource = {"resourceType": "Observation", "code": {"text": "x"}}
    extended = {**resource, "_status": {"extension": [{**absent, "valueCode": "unknown"}]}}
    assert told(extended) == []


def test_a_required_choice_needs_one_of_its_types():
    base = {"resourceType": "MedicationStatement", "status": "active"}
    subject = {"subject": {"reference": "Patient/1"}}
    assert told({**base, **subject}) == [("MedicationStatement.medication", "required")]
    medication = {"medicationCodeableConcept": {"text": "x"}}
    assert told({**base, **subject, **medication}) == []


def test_a_choice_and_the_extension_of_the_same_choice_go_together():
    assert told(observation(valueString="x", _valueString={"id": "a"})) == []
    both = observation(valueString="x", _valueInteger={"id": "a"})
    assert told(both) == [("Observation.value", "structure")]


@pytest.mark.parametrize(
    ("name", "places"),
    [
        ({"given": ["An", None], "_given": [None, {"id": "b"}]}, []),
        ({"_given": [{"id": "a"}]}, []),
        ({"given": ["An", None]}, ["Patient.name[0].given[1]"]),
        ({"given": ["An"], "_given": [None, {"id": "b"}]}, ["Patient.name[0].given"]),
        ({"given": ["An", None], "_given": [{"id": "a"}, None]}, ["Patient.name[0].given[1]"]),
        ({"given": ["An"], "_given": {"id": "a"}}, ["Patient.name[0].given"]),
        ({"given": ["An"], "_given": []}, ["Patient.name[0].given"]),
        ({"_given": [None]}, ["Patient.name[0].given[0]"]),
        ({"given": "An", "_given": [{"id": "a"}]}, ["Patient.name[0].given"]),
    ],
)
def test_the_extensions_of_repeated_primitives_stay_in_step(name, places):
    assert told(patient(name=[name])) == [(place, "structure") for place in places]


def test_resources_in_a_bundle_are_checked_where_they_stand():
    bundle = {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [{"resource": patient(contained=[patient()])}, {"resource": patient(gender="x")}],
    }
    assert told(bundle) == [("Bundle.entry[1].resource.gender", "code-invalid")]


def test_resources_in_parameters_are_checked():
    part = {"name": "p", "part": [{"name": "q", "resource": {"resourceType": "Nobody"}}]}
    resource = {"resourceType": "Parameters", "parameter": [part]}
    assert told(resource) == [("Parameters.parameter[0].part[0].resource", "structure")]


def test_elements_described_elsewhere_are_checked_at_any_depth():
    item = {"linkId": "1", "type": "group", "item": [{"linkId": "2", "type": "nonsense"}]}
    resource = {"resourceType": "Questionnaire", "status": "draft", "item": [item]}
    assert told(resource) == [("Questionnaire.item[0].item[0].type", "code-invalid")]


@pytest.mark.parametrize("type_", [None, 1, "Nobody", "DomainResource", "patient", ["Patient"]])
def test_a_type_that_is_not_here_is_refused(type_):
    assert told({"resourceType": type_}) == [("Resource", "structure")]


def test_a_hostile_resource_is_not_looked_at_to_its_end():
    assert len(told(patient(name=[{"bad": 1}] * 100_000))) == 100
    assert len(told(patient(**{f"bad{number}": 1 for number in range(100_000)}))) == 100
    assert len(told(patient(name=[{"bad": 1}] * 9), limit=5)) == 5


def test_a_type_from_json_alone_is_checked_the_same_way(tmp_path):
    toy = {
        "resourceType": "StructureDefinition",
        "url": "http://example.org/StructureDefinition/Toy",
        "kind": "resource",
        "type": "Toy",
        "baseDefinition": "http://hl7.org/fhir/StructureDefinition/DomainResource",
        "derivation": "specialization",
        "differential": {
            "element": [
                {"path": "Toy"},
                {"path": "Toy.size", "min": 1, "max": "2", "type": [{"code": "positiveInt"}]},
                {"path": "Toy.text", "max": "0", "type": [{"code": "Narrative"}]},
                {"path": "Toy.gone", "max": "0", "type": [{"code": "string"}]},
            ]
        },
    }
    (tmp_path / "toy.json").write_text(json.dumps(toy), encoding="utf-8")
    spec = load([tmp_path])
    resource = {"resourceType": "Toy", "size": [1, 2, 0], "text": NARRATIVE, "gone": "x"}
    issues = [(issue.expression, issue.code) for issue in structural_issues(spec, resource)]
    assert issues == [
        ("Toy.size[2]", "value"),
        ("Toy.size", "structure"),
        ("Toy.gone", "structure"),
    ]


def test_the_broken_examples_are_listed_with_a_reason():
    listed = Path(__file__).resolve().parents[1] / "conformance" / "broken_examples.json"
    reasons = fhir_json.parse_object(listed.read_bytes())
    assert len(reasons) == 37
    assert all(name.endswith(".json") and len(reason) > 20 for name, reason in reasons.items())
