"""References: form, what is contained, what may be referred to."""

import pytest

from tests.validation.base import NARRATIVE, observation, patient, places, told


def subject(reference, **more):
    return observation(subject={"reference": reference}, **more)


@pytest.mark.parametrize(
    "reference",
    [
        "Patient/1",
        "Patient/1/_history/2",
        "http://example.org/fhir/Patient/1",
        "urn:uuid:5d0d1f0e-2f6b-4c43-9a53-6a1f6ac0a1b2",
        "Patient?identifier=99001",
        "https://example.org/somewhere/else",
    ],
)
def test_a_reference_that_is_well_formed_is_taken(reference):
    assert told(subject(reference)) == []


@pytest.mark.parametrize(
    ("reference", "place"),
    [
        ("1", "Observation.subject.reference"),
        ("Nobody/1", "Observation.subject.reference"),
        ("patient/1", "Observation.subject.reference"),
        ("Nobody?identifier=1", "Observation.subject.reference"),
        ("#nowhere", "Observation.subject.reference"),
        ("Organization/1", "Observation.subject"),
        ("http://example.org/fhir/Organization/1", "Observation.subject"),
    ],
)
def test_a_reference_that_leads_nowhere_it_may_is_refused(reference, place):
    assert places(subject(reference)) == [place]


def test_the_type_beside_a_reference_agrees_with_it():
    said = {"reference": "Patient/1", "type": "Group"}
    assert places(observation(subject=said)) == ["Observation.subject.type"]
    assert places(observation(subject={"type": "Nobody"})) == ["Observation.subject.type"]
    assert places(observation(subject={"type": "Organization"})) == ["Observation.subject"]
    assert told(observation(subject={"type": "Patient", "identifier": {"value": "99001"}})) == []


def inner(identity="a", **more):
    return {"resourceType": "Patient", "id": identity, **more}


def test_a_contained_resource_is_found_by_its_id():
    assert told(subject("#a", contained=[inner()])) == []


@pytest.mark.parametrize(
    ("contained", "place"),
    [
        ([inner(), inner("b")], "Observation.contained[1]"),
        ([inner(), inner()], "Observation.contained[1].id"),
        ([inner(meta={"versionId": "1"})], "Observation.contained[0].meta"),
        ([inner(meta={"security": [{"code": "R"}]})], "Observation.contained[0].meta"),
        ([inner(), {"resourceType": "Patient"}], "Observation.contained[1]"),
    ],
)
def test_a_contained_resource_has_an_id_of_its_own_and_is_referred_to(contained, place):
    assert places(subject("#a", contained=contained)) == [place]


def test_a_contained_resource_that_refers_to_its_container_is_let_be():
    provenance = {
        "resourceType": "Provenance",
        "id": "p",
        "target": [{"reference": "#"}],
        "recorded": "2026-11-28T08:00:00+07:00",
        "agent": [{"who": {"display": "x"}}],
    }
    assert told(patient(contained=[provenance])) == []


def test_the_type_of_what_is_contained_counts():
    organization = {"resourceType": "Organization", "id": "o", "name": "x", "text": NARRATIVE}
    assert places(subject("#o", contained=[organization])) == ["Observation.subject"]


@pytest.mark.parametrize(("type_", "wrong"), [("Practitioner", False), ("Organization", True)])
def test_an_entry_of_the_same_uuid_is_of_the_type_referred_to(type_, wrong):
    uuid = "5d0d1f0e-2f6b-4c43-9a53-6a1f6ac0a1b2"
    entries = [
        patient(generalPractitioner=[{"reference": f"Practitioner/{uuid}"}]),
        {"resourceType": type_, "name": "x" if wrong else [{"text": "x"}], "text": NARRATIVE},
    ]
    urls = ["urn:uuid:0d0d1f0e-2f6b-4c43-9a53-6a1f6ac0a1b2", f"urn:uuid:{uuid}"]
    bundle = {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [
            {"fullUrl": url, "resource": one} for url, one in zip(urls, entries, strict=True)
        ],
    }
    place = "Bundle.entry[0].resource.generalPractitioner[0].reference"
    assert places(bundle) == ([place] if wrong else [])
