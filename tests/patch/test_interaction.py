"""PATCH as clients send it: by HTTP in each format, and in a Bundle."""

import base64

import pytest

from fhir_server.fhir import json
from tests.client import issues
from tests.patch.written import operation, patient

RENAME = operation("replace", "Patient.name.family", value={"valueString": "Ba"})
FHIRPATH = {"resourceType": "Parameters", "parameter": [RENAME]}
FHIRPATH_XML = b"""<Parameters xmlns="http://hl7.org/fhir"><parameter><name value="operation"/>
  <part><name value="type"/><valueCode value="replace"/></part>
  <part><name value="path"/><valueString value="Patient.name.family"/></part>
  <part><name value="value"/><valueString value="Ba"/></part>
</parameter></Parameters>"""
JSON_PATCH = json.dump([{"op": "replace", "path": "/name/0/family", "value": "Ba"}])
XML_PATCH = b'<diff><replace sel="Patient/name/family/@value">Ba</replace></diff>'
BODIES = [
    ("application/json-patch+json", JSON_PATCH),
    ("application/fhir+json", json.dump(FHIRPATH)),
    ("application/fhir+xml", FHIRPATH_XML),
    ("application/xml-patch+xml", XML_PATCH),
    ("application/merge-patch+json", b'{"name": [{"family": "Ba"}], "gender": null}'),
]


@pytest.fixture
async def stored(fhir):
    await fhir.put("Patient/p", patient(id="p", name=[{"family": "An"}], birthDate="1990"))
    return fhir


async def families(fhir):
    return [name["family"] for name in (await fhir.get("Patient/p")).json()["name"]]


@pytest.mark.parametrize(("media_type", "body"), BODIES, ids=[row[0] for row in BODIES])
async def test_a_patch_in_any_format_makes_a_new_version(stored, media_type, body):
    response = await stored.patch("Patient/p", body, Content_Type=media_type)
    assert response.status_code == 200, response.text
    assert response.headers["ETag"] == 'W/"2"'
    assert response.json()["birthDate"] == "1990"
    assert await families(stored) == ["Ba"]


def entry(resource, **more):
    return {"resource": resource, "request": {"method": "PATCH", "url": "Patient/p", **more}}


def binary(media_type, body):
    data = base64.b64encode(body).decode()
    return {"resourceType": "Binary", "contentType": media_type, "data": data}


@pytest.mark.parametrize("kind", ["batch", "transaction"])
@pytest.mark.parametrize(
    "resource",
    [FHIRPATH, binary(*BODIES[0]), binary(*BODIES[3])],
    ids=["Parameters", "JSON Patch", "XML Patch"],
)
async def test_a_patch_stands_in_a_bundle(stored, kind, resource):
    bundle = {"resourceType": "Bundle", "type": kind, "entry": [entry(resource)]}
    response = await stored.post("", bundle)
    assert response.status_code == 200, response.text
    assert response.json()["entry"][0]["response"]["status"].startswith("200"), response.text
    assert await families(stored) == ["Ba"]


@pytest.mark.parametrize(
    ("operations", "status", "where"),
    [
        ([{"op": "remove", "path": "/gender"}], 422, "[0]"),
        ([{"op": "remove", "path": "gender"}], 400, "[0].path"),
        ([{"op": "replace", "path": "/id", "value": "q"}], 422, "Patient.id"),
        ([{"op": "replace", "path": "/birthDate", "value": "soon"}], 422, "Patient.birthDate"),
        ([{"op": "add", "path": "/nickname", "value": "x"}], 422, "Patient.nickname"),
    ],
)
async def test_a_patch_that_is_refused_changes_nothing(stored, operations, status, where):
    operations = [{"op": "replace", "path": "/name/0/family", "value": "Ba"}, *operations]
    where = where.replace("[0]", "[1]")
    response = await stored.patch(
        "Patient/p", json.dump(operations), Content_Type="application/json-patch+json"
    )
    assert response.status_code == status, response.text
    assert issues(response)[0]["expression"] == [where]
    assert await families(stored) == ["An"]


async def test_a_patch_that_changes_nothing_makes_no_version(stored):
    body = b'[{"op": "test", "path": "/birthDate", "value": "1990"}]'
    response = await stored.patch("Patient/p", body, Content_Type="application/json-patch+json")
    assert (response.status_code, response.headers["ETag"]) == (200, 'W/"1"')


async def test_a_patch_of_another_version_is_not_applied(stored):
    response = await stored.patch("Patient/p", FHIRPATH, If_Match='W/"2"')
    assert response.status_code == 412
    assert await families(stored) == ["An"]


async def test_another_format_is_told_which_are_accepted(stored):
    response = await stored.patch("Patient/p", b"{}", Content_Type="application/text")
    assert response.status_code == 415
    assert "application/json-patch+json" in response.headers["Accept-Patch"]
