"""What is about a person is sealed with that person's key, all else with the base's own."""

import pytest

from extensions.judicial_record.subjects import subject_of

PERSON, BODY = {"reference": "Person/1"}, {"reference": "Organization/1"}


@pytest.mark.parametrize(
    ("type_", "resource", "subject"),
    [
        ("Person", {}, "Person/1"),
        ("JudicialRecordCertificate", {"subject": PERSON, "issuer": BODY}, "Person/1"),
        ("Task", {"for": PERSON, "owner": BODY}, "Person/1"),
        ("DocumentReference", {"context": {"related": [BODY, PERSON]}}, "Person/1"),
        ("Binary", {"securityContext": PERSON}, "Person/1"),
        ("Task", {"for": {"identifier": {"value": "099"}}}, ""),
        ("DocumentReference", {"context": {"related": [BODY]}}, ""),
        ("Task", {}, ""),
        ("Organization", {"subject": PERSON}, ""),
        ("Provenance", {"target": [PERSON]}, ""),
    ],
)
def test_the_key_is_that_of_the_person_it_is_about(type_, resource, subject):
    assert subject_of(type_, "1", resource) == subject
