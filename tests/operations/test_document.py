"""Composition/$document: a document that stands on its own."""

import pytest

from fhir_server.access import decide
from fhir_server.fhir.errors import Forbidden
from fhir_server.interactions import respond
from fhir_server.operations import document as operation
from fhir_server.search.condition import Everything
from fhir_server.validation.structure import structural_issues
from tests.client import BASE_URL, issues
from tests.operations.persons import observation, parameters, patient, put
from tests.submission.stored import of_type


def to(text):
    return {"reference": text}


async def letter(fhir, **more):
    """Store a Composition and what it refers to, directly and through others."""
    await put(fhir, "Organization", "ministry")
    await put(fhir, "Organization", "clinic", partOf=to("Organization/ministry"))
    await put(fhir, "Practitioner", "doctor")
    await put(fhir, "Practitioner", "lab")
    await patient(fhir, "p", managingOrganization=to("Organization/clinic"))
    await observation(fhir, "a", "p", performer=[to("Practitioner/lab")])
    await observation(fhir, "b", "p", hasMember=[to("Observation/a")])
    await put(fhir, "Composition", "before", **composition(author=[to("Practitioner/doctor")]))
    content = composition(
        subject=to("Patient/p"),
        author=[to(f"{BASE_URL}/Practitioner/doctor")],
        custodian=to("Organization/clinic"),
        relatesTo=[{"code": "replaces", "targetReference": to("Composition/before")}],
        section=[{"title": "Results", "section": [{"entry": [to("Observation/b")]}]}],
    )
    given = {name: value for name, value in (content | more).items() if value is not None}
    return await put(fhir, "Composition", "c", **given)


def composition(**more):
    fixed = {"status": "final", "type": {"text": "Letter"}, "date": "2026-11-28", "title": "Letter"}
    return fixed | more


def names(response):
    assert response.status_code in (200, 201), response.text
    return [one["fullUrl"].removeprefix(f"{BASE_URL}/") for one in response.json()["entry"]]


async def test_a_document_holds_the_composition_first_and_all_it_leads_to(fhir):
    await letter(fhir)
    response = await fhir.get("Composition/c/$document")
    first, *others = names(response)
    assert first == "Composition/c"
    assert sorted(others) == [
        "Observation/a",
        "Observation/b",
        "Organization/clinic",
        "Organization/ministry",
        "Patient/p",
        "Practitioner/doctor",
        "Practitioner/lab",
    ]
    assert len(set(others)) == len(others)


async def test_a_document_is_well_made_and_has_identifier_and_time(fhir):
    await letter(fhir)
    one, other = [(await fhir.get("Composition/c/$document")).json() for _ in range(2)]
    assert structural_issues(fhir.context.spec, one) == []
    assert one["type"] == "document"
    assert one["timestamp"]
    assert one["identifier"]["system"]
    assert one["identifier"]["value"] != other["identifier"]["value"]
    assert await of_type(fhir, "Bundle") == []


async def test_resources_are_given_byte_for_byte(fhir):
    await letter(fhir)
    body = (
        b'{"resourceType":"Observation","id":"a","status":"final","code":{"text":"w"},'
        b'"valueQuantity":{"value":62.50}}'
    )
    await fhir.put("Observation/a", body)
    stored = (await fhir.get("Observation/a")).content
    assert stored in (await fhir.get("Composition/c/$document")).content
    kept = await fhir.post("Composition/c/$document?persist=true", b"")
    assert b'"value":62.50' in kept.content


async def test_a_document_is_stored_where_it_is_asked_for(fhir):
    await letter(fhir)
    body = parameters({"name": "persist", "valueBoolean": True})
    response = await fhir.post("Composition/c/$document", body)
    assert response.status_code == 201
    path = response.headers["location"].removeprefix(f"{BASE_URL}/")
    assert (await fhir.get(path)).json() == response.json()
    assert len(await of_type(fhir, "Bundle")) == 1
    refused = await fhir.get("Composition/c/$document?persist=true")
    assert refused.status_code == 400
    assert (await fhir.get("Composition/c/$document?persist=false")).status_code == 200
    assert len(await of_type(fhir, "Bundle")) == 1


async def test_a_composition_is_named_by_id_on_the_type(fhir):
    await letter(fhir)
    wanted = names(await fhir.get("Composition/c/$document"))
    for id_ in ("c", "Composition/c", f"{BASE_URL}/Composition/c"):
        assert names(await fhir.get(f"Composition/$document?id={id_}")) == wanted
    body = parameters({"name": "id", "valueUri": "c"})
    assert names(await fhir.post("Composition/$document", body)) == wanted


async def test_what_the_composition_needs_and_is_not_here_is_told_with_its_place(fhir, monkeypatch):
    await letter(fhir)

    def narrow(_caller, interaction, type_, *_terms):
        if interaction == "$document" and type_ == "Organization":
            raise Forbidden("no")
        return Everything()

    monkeypatch.setattr(decide, "decide", narrow)
    response = await fhir.get("Composition/c/$document")
    assert response.status_code == 422
    (issue,) = issues(response)
    assert issue["expression"] == ["Composition.custodian.reference"]


async def test_what_only_others_refer_to_may_be_hidden(fhir, monkeypatch):
    await letter(fhir, custodian=None)

    def narrow(_caller, interaction, type_, *_terms):
        if interaction == "$document" and type_ == "Organization":
            raise Forbidden("no")
        return Everything()

    monkeypatch.setattr(decide, "decide", narrow)
    found = names(await fhir.get("Composition/c/$document"))
    assert "Patient/p" in found
    assert not [one for one in found if one.startswith("Organization")]


async def test_references_in_a_circle_end(fhir):
    await letter(fhir)
    await put(fhir, "Organization", "ministry", partOf=to("Organization/clinic"))
    assert len(names(await fhir.get("Composition/c/$document"))) == 8


@pytest.mark.parametrize(
    ("where", "bound", "value"), [(operation, "MAX_RESOURCES", 5), (respond, "PAGE", 900)]
)
async def test_a_document_over_the_bound_is_refused(fhir, monkeypatch, where, bound, value):
    await letter(fhir)
    monkeypatch.setattr(where, bound, value)
    response = await fhir.get("Composition/c/$document")
    assert response.status_code == 422
    assert issues(response)[0]["code"] == "too-costly"


async def test_who_is_not_there_has_no_document(fhir):
    await letter(fhir)
    await fhir.delete("Composition/c")
    assert (await fhir.get("Composition/c/$document")).status_code == 410
    assert (await fhir.get("Composition/never/$document")).status_code == 404
    assert (await fhir.get("Composition/$document?id=never")).status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "Composition/$document",
        "Composition/$document?id=a..b",
        "Composition/$document?id=Patient/p",
        "Composition/$document?id=http://other.example/fhir/Composition/c",
        "Composition/$document?id=urn:uuid:c757873d-ec9a-4326-a141-556f43239520",
        "Composition/c/$document?id=c",
        "Composition/c/$document?graph=http://example.org/graph",
        "Composition/c/$document?persist=perhaps",
        "Composition/c/$document?colour=red",
    ],
)
async def test_inputs_that_cannot_be_read_are_refused(fhir, path):
    await letter(fhir)
    response = await fhir.get(path)
    assert response.status_code == 400, response.text
    assert issues(response)[0]["diagnostics"]
