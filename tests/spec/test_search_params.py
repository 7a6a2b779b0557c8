"""Search parameters as they apply to one type."""

from fhir_server.spec.spec import load
from tests.spec.values import values

SPEC = load()
OBSERVATION = SPEC.search_params("Observation")


def test_every_expression_of_r4_compiles():
    assert SPEC.check() == 3165


def test_patient_on_observation_is_the_patient_alone():
    param = OBSERVATION["patient"]
    resource = {"resourceType": "Observation", "subject": {"reference": "Group/1"}}
    assert (param.type, param.targets, param.single) == ("reference", ("Patient",), True)
    assert values(param, resource) == []


def test_parameters_of_the_bases_are_there_for_every_type():
    for type_ in SPEC.types:
        assert SPEC.search_params(type_)["_id"].url.endswith("Resource-id")
    assert "_text" not in SPEC.search_params("Bundle")
    assert SPEC.search_params("Patient")["_text"].type == "special"


def test_a_composite_looks_into_one_item_at_a_time():
    param = OBSERVATION["component-code-value-quantity"]
    first = {"code": {"text": "a"}, "valueQuantity": {"value": 1}}
    second = {"code": {"text": "b"}, "valueQuantity": {"value": 2}}
    resource = {"resourceType": "Observation", "component": [first, second]}
    assert [(one.code, one.type) for one in param.components] == [
        ("a", "token"),
        ("b", "quantity"),
    ]
    assert [quantity for _, (_, quantity) in values(param, resource)] == [
        [("Quantity", {"value": 1})],
        [("Quantity", {"value": 2})],
    ]


def test_a_composite_needs_all_of_its_parts():
    param = OBSERVATION["code-value-quantity"]
    assert values(param, {"resourceType": "Observation", "code": {"text": "a"}}) == []
    assert "valueQuantity" in param.roots
    assert "code" not in param.roots


def test_a_composite_may_look_outside_its_item():
    param = SPEC.search_params("MolecularSequence")["chromosome-variant-coordinate"]
    chromosome = {"text": "1"}
    resource = {
        "resourceType": "MolecularSequence",
        "referenceSeq": {"chromosome": chromosome},
        "variant": [{"start": 1, "end": 2}],
    }
    ((_, (first, _start, _end)),) = values(param, resource)
    assert first == [("CodeableConcept", chromosome)]


def test_a_parameter_over_an_extension_yields_what_it_says():
    param = SPEC.search_params("Patient")["mothersMaidenName"]
    url = "http://hl7.org/fhir/StructureDefinition/patient-extensions-Patient-mothersMaidenName"
    resource = {
        "resourceType": "Patient",
        "extension": [{"url": url, "valueString": "Lê"}, {"url": "http://a", "valueString": "x"}],
    }
    assert values(param, resource) == [("string", "Lê")]


def test_a_parameter_without_expression_has_no_values():
    param = SPEC.search_params("Patient")["_content"]
    assert values(param, {"resourceType": "Patient"}) == []
