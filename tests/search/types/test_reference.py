"""Reference parameters: ids, URLs, types, identifiers, canonicals."""

import pytest

from fhir_server.fhir.errors import Invalid
from fhir_server.search.condition import Everything, Subtree

BASE = "https://health.example.org/fhir"


def observation(reference):
    return {"resourceType": "Observation", "subject": {"reference": reference}}


@pytest.mark.parametrize("stored", ["Patient/1", f"{BASE}/Patient/1", "Patient/1/_history/3"])
@pytest.mark.parametrize(
    "parameter",
    [
        ("subject", "1"),
        ("subject", "Patient/1"),
        ("subject", f"{BASE}/Patient/1"),
        ("subject", "Group/9,Patient/1"),
        ("subject:Patient", "1"),
        ("subject:Patient", "Patient/1"),
        ("patient", "1"),
        ("patient", "Patient/1"),
    ],
)
def test_our_own_resource_is_found(search, stored, parameter):
    assert search.found(observation(stored), parameter)


@pytest.mark.parametrize(
    "parameter",
    [
        ("subject", "2"),
        ("subject", "Group/1"),
        ("subject:Group", "1"),
        ("subject", "http://elsewhere.org/Patient/1"),
    ],
)
def test_another_resource_is_not_found(search, parameter):
    assert not search.found(observation("Patient/1"), parameter)


def test_a_reference_to_another_server_is_found_by_its_whole_url(search):
    resource = observation("http://elsewhere.org/fhir/Patient/1")
    assert search.found(resource, ("subject", "http://elsewhere.org/fhir/Patient/1"))
    assert not search.found(resource, ("subject", "Patient/1"))
    assert not search.found(resource, ("subject", "1"))


def test_only_a_patient_is_a_patient(search):
    assert not search.found(observation("Group/1"), ("patient:missing", "false"))
    assert search.found(observation("Group/1"), ("subject", "Group/1"))


def test_a_urn_is_found_as_written(search):
    urn = "urn:uuid:0a9f1e0c-8f0f-4a52-8f57-0d7a4cf6a001"
    assert search.found(observation(urn), ("subject", urn))


def test_a_contained_resource_is_not_found_from_outside(search):
    assert search.found(observation("#p"), ("subject:missing", "true"))


def test_a_logical_reference_is_found_by_its_identifier(search):
    resource = {
        "resourceType": "Observation",
        "subject": {"identifier": {"system": "http://example.org/sid", "value": "7"}},
    }
    for value in ("http://example.org/sid|7", "7", "http://example.org/sid|"):
        assert search.found(resource, ("subject:identifier", value))
    assert not search.found(resource, ("subject:identifier", "|7"))
    assert search.found(resource, ("subject:missing", "false"))


def test_a_canonical_is_found_with_and_without_its_version(search):
    resource = {
        "resourceType": "ServiceRequest",
        "instantiatesCanonical": ["http://example.org/Plan|2"],
    }
    assert search.found(resource, ("instantiates-canonical", "http://example.org/Plan"))
    assert search.found(resource, ("instantiates-canonical", r"http://example.org/Plan\|2"))
    assert search.found(resource, ("instantiates-canonical", "http://example.org/Plan|2"))
    assert not search.found(resource, ("instantiates-canonical", "http://example.org/Plan|1"))


def test_one_possible_value_is_a_scalar_and_several_are_an_array(search):
    fields = search.document(observation("Patient/1"))["x"]
    assert fields["subject"] == fields["patient"] == "Patient/1"
    performer = {"resourceType": "Observation", "performer": [{"reference": "Practitioner/1"}]}
    assert search.document(performer)["x"]["performer"] == ["Practitioner/1"]


def test_the_resources_of_a_bundle_are_referred_to_by_their_id(search):
    resource = {
        "resourceType": "Bundle",
        "type": "document",
        "entry": [{"resource": {"resourceType": "Composition", "id": "c1"}}],
    }
    assert search.found(resource, ("composition", "Composition/c1"))


def test_many_bare_ids_under_a_parameter_for_any_type_are_refused(search):
    ids = [f"a{number}" for number in range(400)]
    with pytest.raises(Invalid, match="too many"):
        search.ask("Provenance", ("target", ",".join(ids)))
    typed = ",".join(f"Patient/{identity}" for identity in ids)
    search.ask("Provenance", ("target", typed[:4000].rpartition(",")[0]))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("subject:Medication", "1"),
        ("subject:Nothing", "1"),
        ("subject:above", "Patient/1"),
        ("subject:Patient", "Group/1"),
    ],
)
def test_a_wrong_type_or_modifier_is_refused(search, name, value):
    with pytest.raises(Invalid):
        search.ask("Observation", (name, value))


def test_a_hierarchy_leads_from_a_part_to_the_whole(search):
    def asked(type_, *parameter):
        return search.ask(type_, parameter).condition

    def tree(field, type_, parent, way, *ids):
        return Subtree(field, type_, ids, parent, way, Everything())

    assert asked("Encounter", "location:below", "1,Location/2") == tree(
        "x.location", "Location", "x.partof", "below", "1", "2"
    )
    assert asked("Task", "part-of:above", f"{BASE}/Task/1") == tree(
        "x.part-of", "Task", "x.part-of", "above", "1"
    )
    assert asked("Location", "partof:below", "1") == tree(
        "x.partof", "Location", "x.partof", "below", "1"
    )


def test_a_hierarchy_is_asked_only_of_what_has_parts(search):
    with pytest.raises(Invalid, match="is no id of Location, which have parts"):
        search.ask("Observation", ("subject:below", "Patient/1"))
    with pytest.raises(Invalid, match="supported: :identifier, :missing"):
        search.ask("Observation", ("patient:below", "1"))
