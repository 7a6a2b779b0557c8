"""The search-parameter subset of FHIRPath, over R4's structures."""

import pytest

from fhir_server.fhirpath.paths import compile_path
from fhir_server.fhirpath.syntax import FhirPathError
from fhir_server.spec.spec import load

SPEC = load()


def values(expression, resource):
    type_ = resource["resourceType"]
    root = (type_, resource)
    return compile_path(SPEC.structures, expression, type_).run(root, root)


def single(expression, type_):
    return compile_path(SPEC.structures, expression, type_).single


def patient(**elements):
    return {"resourceType": "Patient", **elements}


def test_a_path_through_arrays_yields_every_value_with_its_type():
    resource = patient(name=[{"given": ["An", "Bình"]}, {"given": ["Chi"]}])
    assert values("Patient.name.given", resource) == [
        ("string", "An"),
        ("string", "Bình"),
        ("string", "Chi"),
    ]


def test_a_null_in_a_primitive_array_is_no_value():
    assert values("Patient.name.given", patient(name=[{"given": [None, "An"]}])) == [
        ("string", "An")
    ]


def test_a_choice_element_says_which_type_it_has():
    resource = {"resourceType": "Observation", "valueQuantity": {"value": 1}}
    assert values("Observation.value", resource) == [("Quantity", {"value": 1})]
    assert values("(Observation.value as Quantity)", resource) == [("Quantity", {"value": 1})]
    assert values("Observation.value.as(string)", resource) == []
    assert values("Observation.value.ofType(Quantity).value", resource) == [("decimal", 1)]


def test_a_type_is_found_where_r4_writes_it_with_a_capital():
    resource = {"resourceType": "Observation", "valueDateTime": "2020"}
    assert values("Observation.value.as(DateTime)", resource) == [("dateTime", "2020")]


def test_as_uri_does_not_take_a_canonical():
    resource = {"resourceType": "ConceptMap", "sourceCanonical": "http://example.org/vs"}
    assert values("(ConceptMap.source as uri)", resource) == []
    assert values("(ConceptMap.source as canonical)", resource) == [
        ("canonical", "http://example.org/vs")
    ]


def test_an_age_is_a_quantity():
    resource = {"resourceType": "Condition", "onsetAge": {"value": 3}}
    assert values("Condition.onset as Quantity", resource) == [("Age", {"value": 3})]


def test_an_element_described_elsewhere_is_walked():
    item = {"linkId": "1", "item": [{"linkId": "1.1"}]}
    resource = {"resourceType": "Questionnaire", "item": [item]}
    assert values("Questionnaire.item.item.linkId", resource) == [("string", "1.1")]


def test_a_branch_of_another_type_is_dropped():
    expression = "Patient.birthDate | Person.birthDate"
    assert values(expression, patient(birthDate="2000")) == [("date", "2000")]
    assert single(expression, "Patient")


def test_a_base_type_stands_for_every_resource():
    assert values("Resource.id", patient(id="a")) == [("id", "a")]


@pytest.mark.parametrize(
    ("reference", "found"),
    [
        ({"reference": "Patient/1"}, True),
        ({"reference": "https://example.org/fhir/Patient/1/_history/2"}, True),
        ({"reference": "Group/1"}, False),
        ({"reference": "#p"}, True),
        ({"reference": "#missing"}, False),
        ({"reference": "urn:uuid:0"}, False),
        ({"reference": "urn:uuid:0", "type": "Patient"}, True),
        ({"type": "Patient", "identifier": {"value": "1"}}, True),
        ({"display": "somebody"}, False),
    ],
)
def test_resolve_decides_by_what_the_reference_says(reference, found):
    resource = {
        "resourceType": "Observation",
        "subject": reference,
        "contained": [{"resourceType": "Patient", "id": "p"}],
    }
    expected = [("Reference", reference)] if found else []
    assert values("Observation.subject.where(resolve() is Patient)", resource) == expected


def test_where_compares_an_element_with_a_literal():
    phone, email = {"system": "phone", "value": "1"}, {"system": "email", "value": "2"}
    resource = patient(telecom=[email, phone, {"value": "3"}])
    assert values("Patient.telecom.where(system='phone')", resource) == [("ContactPoint", phone)]


@pytest.mark.parametrize(
    ("elements", "expected"),
    [
        ({}, False),
        ({"deceasedBoolean": False}, False),
        ({"deceasedBoolean": True}, True),
        ({"deceasedDateTime": "2020"}, True),
    ],
)
def test_deceased_is_true_for_a_flag_and_for_a_date(elements, expected):
    expression = "Patient.deceased.exists() and Patient.deceased != false"
    assert values(expression, patient(**elements)) == [("boolean", expected)]


def test_an_entry_is_taken_by_position():
    first = {"resourceType": "Composition", "status": "final"}
    resource = {"resourceType": "Bundle", "entry": [{"resource": first}, {"resource": patient()}]}
    assert values("Bundle.entry[0].resource", resource) == [("Composition", first)]
    assert values("Bundle.entry[0].resource.as(Composition).status", resource) == [
        ("code", "final")
    ]


def test_an_extension_is_found_by_url():
    wanted = {"url": "http://example.org/a", "valueCode": "x"}
    resource = patient(extension=[{"url": "http://example.org/b", "valueCode": "y"}, wanted])
    expression = "Patient.extension('http://example.org/a').value"
    assert values(expression, resource) == [("code", "x")]
    expression = "Patient.extension.where(url='http://example.org/a').value"
    assert values(expression, resource) == [("code", "x")]
    assert values("Patient.where(hasExtension('http://example.org/c'))", resource) == []


def test_the_extension_of_a_primitive_is_found_beside_it():
    beside = {"extension": [{"url": "http://example.org/a", "valueDateTime": "2000"}]}
    resource = patient(birthDate="2000", _birthDate=beside)
    expression = "Patient.birthDate.extension('http://example.org/a').value"
    assert values(expression, resource) == [("dateTime", "2000")]


def test_a_path_is_single_when_no_resource_can_have_two_values():
    assert single("Observation.subject", "Observation")
    assert single("Condition.onset.as(Age) | Condition.onset.as(Range)", "Condition")
    assert single("Bundle.entry[0].resource", "Bundle")
    assert not single("Patient.name", "Patient")
    assert not single("Patient.name.family", "Patient")
    assert not single("Patient.birthDate | Patient.deceased.as(dateTime)", "Patient")


def test_what_does_not_fit_the_definition_yields_nothing():
    assert values("Patient.name.given", patient(name="text")) == []
    assert values("Patient.name.given", patient(name=[["An"], 3, None])) == []


@pytest.mark.parametrize(
    "expression",
    [
        "Patient.nickname",
        "Nobody.name",
        "Patient.name.trace('x')",
        "Patient.name.first(1)",
        "Patient.name as nonsense",
        "Patient.name['a']",
        "%unknown.id",
        "Patient.name = 1 xor true",
    ],
)
def test_what_the_definitions_do_not_have_is_refused(expression):
    with pytest.raises(FhirPathError):
        compile_path(SPEC.structures, expression, "Patient")
