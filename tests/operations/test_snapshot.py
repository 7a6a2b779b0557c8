"""$snapshot: a StructureDefinition with every element."""

import pytest

CORE = "http://hl7.org/fhir/StructureDefinition/"


def profile(path="Patient.name", base=f"{CORE}Patient", name="p"):
    return {
        "resourceType": "StructureDefinition",
        "id": name,
        "url": f"http://example.org/{name}",
        "name": "P",
        "status": "active",
        "kind": "resource",
        "abstract": False,
        "type": "Patient",
        "derivation": "constraint",
        "baseDefinition": base,
        "differential": {"element": [{"id": path, "path": path, "min": 1}]},
    }


def least(response, path="Patient.name"):
    assert response.status_code == 200, response.text
    elements = response.json()["snapshot"]["element"]
    return next(one["min"] for one in elements if one["id"] == path)


async def test_what_is_sent_stored_or_named_gets_its_snapshot(fhir):
    assert least(await fhir.post("StructureDefinition/$snapshot", profile())) == 1
    await fhir.put("StructureDefinition/p", profile())
    assert least(await fhir.get("StructureDefinition/p/$snapshot")) == 1
    assert least(await fhir.get("StructureDefinition/$snapshot?url=http://example.org/p")) == 1


async def test_a_base_that_is_stored_is_found(fhir):
    await fhir.put("StructureDefinition/p", profile())
    other = profile("Patient.gender", "http://example.org/p", "q")
    assert least(await fhir.post("StructureDefinition/$snapshot", other)) == 1


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        (profile("Patient.wheels"), 422),
        (profile(base="http://example.org/none"), 422),
        ({"resourceType": "StructureDefinition"}, 422),
        ({"resourceType": "Patient"}, 400),
    ],
)
async def test_what_has_no_snapshot_is_refused_with_the_reason(fhir, asked, status):
    response = await fhir.post("StructureDefinition/$snapshot", asked)
    assert response.status_code == status
    assert response.json()["issue"][0]["diagnostics"]


async def test_a_definition_nobody_knows_is_a_404(fhir):
    asked = "StructureDefinition/$snapshot?url=http://example.org/none"
    assert (await fhir.get(asked)).status_code == 404
    assert (await fhir.get("StructureDefinition/$snapshot")).status_code == 400
