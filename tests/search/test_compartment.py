import pytest

from fhir_server.search.compartment import about
from fhir_server.search.match import matches

ENCOUNTER = {"resourceType": "Encounter", "id": "e1", "subject": {"reference": "Patient/p1"}}
OBSERVATION = {
    "resourceType": "Observation",
    "encounter": {"reference": "Encounter/e1"},
    "performer": [{"reference": "Practitioner/d1"}],
    "subject": {"reference": "Patient/p1"},
}


@pytest.mark.parametrize(
    ("reference", "resource", "inside"),
    [
        ("Patient/p1", OBSERVATION, True),
        ("Patient/p2", OBSERVATION, False),
        ("Encounter/e1", OBSERVATION, True),
        ("Practitioner/d1", OBSERVATION, True),
        ("Practitioner/e1", OBSERVATION, False),
        ("Encounter/e1", ENCOUNTER, True),
        ("Encounter/e2", ENCOUNTER, False),
    ],
)
def test_what_names_the_root_is_in_its_compartment(spec, search, reference, resource, inside):
    condition = about(spec, *reference.split("/"), resource["resourceType"])
    assert matches(condition, search.document(resource)) is inside


def test_every_type_of_every_compartment_can_be_asked(spec):
    for root, members in spec.compartments.items():
        for type_ in members:
            assert about(spec, root, "1", type_)
