"""The oracle itself, by the examples of the standard."""

import pytest

from tests.oracle import path
from tests.oracle.definitions import PARAMETERS
from tests.oracle.oracle import search
from tests.oracle.world import world_of


def found(resource, *parameters, **world):
    """Say whether a search for its type finds a resource."""
    resource = {"id": "1", **resource}
    return search(world_of(resource, **world), resource["resourceType"], parameters) == ["1"]


def test_every_expression_of_r4_is_read():
    for row in PARAMETERS:
        parts = [one["expression"] for one in row.get("component", ())]
        for text in (row.get("expression"), *parts):
            assert text is None or path.parse(text)


PATIENT = {
    "resourceType": "Patient",
    "name": [{"family": "Carreno Quinones", "given": ["Eve"]}],
    "gender": "female",
    "identifier": [
        {
            "system": "http://example.org/sid",
            "value": "12345",
            "type": {
                "coding": [
                    {"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "MR"}
                ]
            },
        }
    ],
    "managingOrganization": {"reference": "Organization/9"},
}


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("given", "eve", True),
        ("given", "Eve", True),
        ("given", "Evelyn", False),
        ("given:contains", "v", True),
        ("given:exact", "eve", False),
        ("given:exact", "Eve", True),
        ("family", "carreño", True),
        ("family", "quinones", False),
        ("name", "quinones", True),
        ("gender", "female", True),
        ("gender", "http://hl7.org/fhir/administrative-gender|female", True),
        ("gender", "male,female", True),
        ("gender:not", "male,female", False),
        ("gender:not", "male", True),
        ("gender:missing", "true", False),
        ("birthdate:missing", "true", True),
        ("identifier", "http://example.org/sid|", True),
        ("identifier", "|12345", False),
        ("identifier:of-type", "http://terminology.hl7.org/CodeSystem/v2-0203|MR|12345", True),
        ("identifier:of-type", "http://terminology.hl7.org/CodeSystem/v2-0203|MR|1234", False),
        ("organization", "9", True),
        ("organization", "Organization/9/_history/2", True),
        ("organization:Organization", "9", True),
        ("organization", "http://elsewhere.example.org/Organization/9", False),
        ("deceased", "false", True),
        ("_id", "1", True),
    ],
)
def test_a_patient_is_found(name, value, expected):
    assert found(PATIENT, (name, value)) is expected
