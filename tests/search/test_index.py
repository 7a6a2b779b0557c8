"""Index fields: what is written, for whom, and that nothing odd stops a write."""

from fhir_server.search.index import index_fields
from fhir_server.search.place import Place


def test_fields_have_the_formats_the_store_indexes(search):
    resource = {
        "resourceType": "Observation",
        "id": "o1",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "8480-6"}]},
        "subject": {"reference": "Patient/p1"},
        "encounter": {"reference": "Encounter/e1"},
        "effectiveDateTime": "2026-11-22T00:00:00Z",
    }
    fields = search.document(resource)["x"]
    assert fields["code"] == ["http://loinc.org|8480-6", "*|8480-6"]
    assert fields["patient"] == "Patient/p1"
    assert fields["encounter"] == "Encounter/e1"
    assert fields["date"] == {"lo": 1795305600000000, "hi": 1795305601000000}
    assert fields["_patient"] == ["p1"]
    assert fields["_references"] == ["Encounter/e1", "Patient/p1"]


def test_what_is_referred_to_here_is_indexed_whichever_element_says_so(search):
    base = "https://health.example.org/fhir"
    resource = {
        "resourceType": "Basic",
        "code": {"text": "a"},
        "extension": [{"url": "u", "valueReference": {"reference": f"{base}/Device/d1"}}],
        "contained": [{"resourceType": "Basic", "subject": {"reference": "Patient/p2/_history/3"}}],
        "author": {"reference": "http://other.example/fhir/Practitioner/x"},
        "subject": {"reference": "#a"},
    }
    assert search.document(resource)["x"]["_references"] == ["Device/d1", "Patient/p2"]


def test_what_a_stored_bundle_holds_is_a_world_of_its_own(search):
    inside = {"resourceType": "Basic", "subject": {"reference": "Patient/p1"}}
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": inside}]}
    assert "_references" not in search.document(bundle)["x"]


def test_a_patient_is_in_its_own_compartment(search):
    fields = search.document({"resourceType": "Patient", "id": "p1"})["x"]
    assert fields["_patient"] == ["p1"]


def test_a_compartment_may_hold_several_patients(search):
    participants = [{"actor": {"reference": f"Patient/{name}"}} for name in ("b", "a", "b")]
    resource = {"resourceType": "Appointment", "participant": participants}
    assert search.document(resource)["x"]["_patient"] == ["a", "b"]


def test_a_resource_of_nobody_has_no_compartment(search):
    fields = search.document({"resourceType": "Organization", "name": "A"})["x"]
    assert "_patient" not in fields


def test_no_array_is_empty(search):
    resource = {"resourceType": "Patient", "name": [{"text": "..."}], "identifier": [{}]}
    fields = search.document(resource)["x"]
    assert all(fields.values())
    assert not {"name", "name:sort", "identifier"} & set(fields)


def test_every_type_can_be_indexed(spec):
    for type_ in spec.types:
        fields = index_fields(spec, {"resourceType": type_}, Place(), identity="1")
        # The standard's expression makes "not deceased" a value of its own.
        assert set(fields) <= {"_patient", "deceased"}


def test_what_is_contained_is_indexed_under_its_type(search):
    patient = {"resourceType": "Patient", "id": "p", "gender": "female"}
    (found,) = search.document({"resourceType": "Basic", "contained": [patient]})["x"][
        "_contained"
    ]["Patient"]
    own = search.document(patient)["x"]
    assert found == {"gender": own["gender"], "deceased": own["deceased"], "id": "p"}
