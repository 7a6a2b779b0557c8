"""The national search parameters find what a hospital's envelope wrote."""

import pytest

from fhir_server.main import definitions
from mappings.plugin import plugin
from mappings.terms.identifiers import HL7_VIETNAM, Systems
from tests.client import health
from tests.spec.values import values
from tests.submission.stored import only, submitted

NATIONAL = {
    "Patient": ["ethnicity", "nationality", "occupation"],
    "Encounter": ["department", "insurance-visit-type", "treatment-outcome"],
}


@pytest.fixture(scope="module")
def national():
    return definitions([plugin(HL7_VIETNAM.base)])


def coded(resource, code):
    """Give the Coding the mapping wrote, found without the search's own expressions."""
    if code == "department":
        return resource["serviceType"]["coding"][0]
    (one,) = [one for one in resource["extension"] if one["url"].endswith(f"-{code}")]
    concept = one["extension"][0] if "extension" in one else one
    return concept["valueCodeableConcept"]["coding"][0]


async def test_each_finds_what_the_sample_envelope_wrote(store, national, sample):
    async with health(store, national) as fhir:
        await submitted(fhir, sample)
        for type_, codes in NATIONAL.items():
            resource = await only(fhir, type_)
            for code in codes:
                value = coded(resource, code)
                for text in (value["code"], f"{value['system']}|{value['code']}"):
                    answer = await fhir.http.get(f"/fhir/{type_}", params={code: text})
                    found = [one["resource"]["id"] for one in answer.json()["entry"]]
                    assert found == [resource["id"]], (code, text)
                answer = await fhir.get(f"{type_}?{code}=nothing")
                assert "entry" not in answer.json()


async def test_they_are_declared_and_their_codes_are_taken(store, national):
    async with health(store, national) as fhir:
        (rest,) = (await fhir.get("metadata")).json()["rest"]
        for type_, codes in NATIONAL.items():
            (told,) = [one for one in rest["resource"] if one["type"] == type_]
            assert set(codes) <= {one["name"] for one in told["searchParam"]}


def test_they_look_where_this_servers_identifier_base_says():
    base = "http://example.org/fhir/"
    found = definitions([plugin(base)]).search_params("Patient")["ethnicity"]
    url = Systems(base).extension("vn-ext-ethnicity")
    patient = {"resourceType": "Patient", "extension": [{"url": url, "valueCode": "25"}]}
    assert values(found, patient) == [("code", "25")]
