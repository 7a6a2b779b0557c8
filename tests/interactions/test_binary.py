"""Binary in its native content type. https://hl7.org/fhir/R4/binary.html#rest"""

import base64

import pytest

from fhir_server.fhir import json
from fhir_server.spec.xml import from_xml
from tests.client import health

FHIR = "application/fhir+json"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))


@pytest.fixture
async def unjudged(store, spec):
    """Give a base whose resources may be other than R4's rules have them."""
    async with health(store, spec, validation="structure") as client:
        yield client


async def put(fhir, content_type, data=PNG, **more):
    answer = await fhir.put("Binary/b", data, Content_Type=content_type, Accept=FHIR, **more)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def test_bytes_put_are_the_bytes_got(fhir):
    stored = await put(fhir, "image/png")
    assert stored["contentType"] == "image/png"
    assert base64.b64decode(stored["data"]) == PNG
    for accept in ("*/*", "image/png", "application/pdf", ""):
        answer = await fhir.get("Binary/b", Accept=accept)
        assert answer.content == PNG
        assert answer.headers["content-type"] == "image/png"
        assert answer.headers["etag"] == 'W/"1"'
    assert (await fhir.get("Binary/b/_history/1")).content == PNG


async def test_a_caller_that_names_fhir_gets_the_resource(fhir):
    stored = await put(fhir, "image/png")
    assert (await fhir.get("Binary/b", Accept=FHIR)).json() == stored
    assert (await fhir.get("Binary/b?_format=json", Accept="image/png")).json() == stored
    xml = await fhir.get("Binary/b", Accept="application/fhir+xml")
    assert from_xml(fhir.context.spec.structures, xml.content) == stored


async def test_a_part_is_asked_of_the_resource(fhir):
    await put(fhir, "image/png")
    part = (await fhir.get("Binary/b?_summary=true")).json()
    assert part["contentType"] == "image/png"
    assert "data" not in part


async def test_what_is_put_aside_is_told_in_json(fhir):
    await put(fhir, "image/png")
    answer = await fhir.get("Binary/b", Prefer="respond-async")
    assert answer.status_code == 202
    assert answer.content == b"" or answer.json()["resourceType"] == "OperationOutcome"


async def test_a_posted_binary_gets_an_id(fhir):
    answer = await fhir.post("Binary", PNG, Content_Type="image/png")
    assert answer.status_code == 201
    path = answer.headers["location"].partition("/fhir/")[2]
    assert (await fhir.get(path)).content == PNG


async def test_what_a_browser_could_run_is_offered_as_a_file(fhir):
    for content_type in ("text/html", "image/svg+xml", "application/pdf", "text/javascript"):
        await fhir.put("Binary/b", b"<script/>", Content_Type=content_type, Accept=FHIR)
        answer = await fhir.get("Binary/b")
        assert answer.headers["content-type"] == content_type
        assert answer.headers["content-disposition"] == "attachment"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "sandbox" in answer.headers["content-security-policy"]


@pytest.mark.parametrize("content_type", ["image/png", "text/plain", "text/plain; charset=utf-8"])
async def test_what_a_browser_only_shows_is_shown(fhir, content_type):
    await put(fhir, content_type)
    assert "content-disposition" not in (await fhir.get("Binary/b")).headers


async def test_a_content_type_that_is_none_is_served_as_bytes(unjudged):
    fhir = unjudged
    resource = {"resourceType": "Binary", "id": "b", "contentType": "x", "data": "YQ=="}
    await fhir.put("Binary/b", resource)
    answer = await fhir.get("Binary/b")
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.content == b"a"


async def test_the_security_context_travels_in_its_header(fhir):
    await fhir.put("Patient/p", {"resourceType": "Patient", "id": "p"})
    stored = await put(fhir, "image/png", X_Security_Context="Patient/p")
    assert stored["securityContext"] == {"reference": "Patient/p"}
    assert (await fhir.get("Binary/b")).headers["x-security-context"] == "Patient/p"


async def test_a_security_context_that_is_no_header_is_left_out(unjudged):
    fhir = unjudged
    resource = {
        "resourceType": "Binary",
        "id": "b",
        "contentType": "image/png",
        "securityContext": {"reference": "a\r\nSet-Cookie: b=c"},
    }
    assert (await fhir.put("Binary/b", resource)).status_code == 201
    answer = await fhir.get("Binary/b")
    assert answer.content == b""
    assert not {"set-cookie", "x-security-context"} & set(answer.headers)


RESOURCE = {"resourceType": "Binary", "id": "b", "contentType": "image/png", "data": "YQ=="}
XML = b"""<Binary xmlns="http://hl7.org/fhir"><id value="b"/><contentType value="image/png"/>
<data value="YQ=="/></Binary>"""


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        (FHIR, json.dump(RESOURCE)),
        ("application/json", json.dump(RESOURCE)),
        ("application/fhir+xml", XML),
        ("text/xml", XML),
    ],
)
async def test_a_body_that_is_a_binary_resource_is_that_resource(fhir, content_type, body):
    await put(fhir, content_type, body)
    assert (await fhir.get("Binary/b")).content == b"a"


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        (FHIR, b'{"resourceType":"Patient"}'),
        ("application/fhir+xml", b'<Patient xmlns="http://hl7.org/fhir"/>'),
        ("application/json", b"[1]"),
        ("application/json", b"no JSON"),
        ("application/xml", b"<a/>"),
        ("text/xml; charset=iso-8859-1", b"<a>\xe9</a>"),
    ],
)
async def test_any_other_body_is_content(fhir, content_type, body):
    stored = await put(fhir, content_type, body)
    assert stored["contentType"] == content_type
    assert (await fhir.get("Binary/b")).content == body


@pytest.mark.parametrize(
    ("content_type", "status"),
    [(FHIR, 400), ("application/fhir+xml", 400), ("application/fhir+json; charset=latin1", 415)],
)
async def test_a_body_that_says_it_is_fhir_must_be(fhir, content_type, status):
    answer = await fhir.put("Binary/b", b"{", Content_Type=content_type)
    assert answer.status_code == status
    assert await fhir.stored() == 0


async def test_in_a_bundle_a_binary_is_a_resource(fhir):
    stored = await put(fhir, "image/png")
    found = (await fhir.get("Binary?_id=b")).json()
    assert found["entry"][0]["resource"] == stored
    entry = {"request": {"method": "GET", "url": "Binary/b"}}
    batch = {"resourceType": "Bundle", "type": "batch", "entry": [entry]}
    answer = await fhir.post("", batch)
    assert answer.json()["entry"][0]["resource"] == stored


async def test_an_error_about_a_binary_is_an_outcome(fhir):
    answer = await fhir.get("Binary/none", Accept="image/png")
    assert answer.status_code == 404
    assert answer.json()["resourceType"] == "OperationOutcome"
