"""Which patients a request names."""

import pytest

from fhir_server.fhir import json
from fhir_server.fhir.errors import Invalid
from fhir_server.fhir.exchange import FhirRequest
from fhir_server.interactions.context import Target
from fhir_server.interactions.named import MOST, Named, named, together
from tests.client import BASE_URL


def of(fhir, code, path, *parameters, body=b"", resource=None, **target):
    request = FhirRequest("GET", path, tuple(parameters), body=body, resource=resource)
    return named(fhir.context, code, request, Target(**target))


@pytest.mark.parametrize(
    ("parameter", "patients"),
    [
        (("patient", "p"), {"p"}),
        (("patient", "Patient/p,q"), {"p", "q"}),
        (("patient", f"{BASE_URL}/Patient/p"), {"p"}),
        (("subject:Patient", "p"), {"p"}),
        (("performer", "p"), {"p"}),
        (("code", "Patient"), set()),
        (("patient.name", "p"), set()),
        (("patient:missing", "true"), set()),
        (("patient", "p/../q"), set()),
        (("patient", ""), set()),
    ],
)
async def test_a_search_names_by_its_parameters(fhir, parameter, patients):
    found = of(fhir, "search-type", "Observation", parameter, type="Observation")
    assert found.patients == patients
    assert not found.resources


async def test_a_resource_names_whom_it_is_about(fhir):
    found = of(fhir, "read", "Observation/o", type="Observation", id="o")
    assert found == Named(resources=frozenset({("Observation", "o")}))
    found = of(fhir, "search-type", "Observation", ("encounter", "Encounter/e"), type="Observation")
    assert found.resources == {("Encounter", "e")}
    assert of(fhir, "read", "Patient/p", type="Patient", id="p").patients == {"p"}


@pytest.mark.parametrize("code", ["vread", "history-instance"])
async def test_former_versions_may_have_been_about_others(fhir, code):
    assert of(fhir, code, "Observation/o/_history", type="Observation", id="o").past


async def test_an_identifier_names_a_patient(fhir):
    one = of(fhir, "search-type", "Patient", ("identifier", "a|1,2"), type="Patient")
    assert one.identifiers == {"a|1", "*|2"}
    chained = ("subject:Patient.identifier", "a|1")
    assert of(fhir, "search-type", "Condition", chained, type="Condition").identifiers == {"a|1"}
    any_ = of(fhir, "search-type", "Patient", ("identifier", "a|"), type="Patient")
    assert not any_


async def test_what_is_sent_names_by_its_references(fhir):
    resource = {"resourceType": "Observation", "subject": {"reference": "Patient/p"}}
    assert of(fhir, "create", "Observation", body=json.dump(resource)).patients == {"p"}
    assert of(fhir, "create", "Observation", resource=resource).patients == {"p"}


async def test_several_requests_name_together(fhir):
    one, other = Named(frozenset("p")), Named(frozenset("q"), past=True)
    assert together([one, other]) == Named(frozenset("pq"), past=True)
    assert not together([])


async def test_more_than_anybody_needs_is_refused():
    many = [Named(frozenset({f"p{number}"})) for number in range(MOST + 1)]
    assert len(together(many[1:]).patients) == MOST
    with pytest.raises(Invalid, match="send less"):
        together(many)
