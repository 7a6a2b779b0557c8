"""JSON and XML at the door, each rule of http.html#mime-type."""

import pytest

from fhir_server.fhir import json
from fhir_server.http import formats
from fhir_server.spec.xml import from_xml, to_xml

XML = "application/fhir+xml"
PATIENT = b"""<Patient xmlns="http://hl7.org/fhir"><id value="x"/><active value="true"/>
<name><given value="B\xc6\xb0\xe1\xbb\x9fi"/></name></Patient>"""


def read(fhir, answer):
    assert answer.headers["content-type"] == f"{XML}; charset=utf-8"
    return from_xml(fhir.context.spec.structures, answer.content)


async def test_a_resource_goes_in_and_comes_out_in_either_format(fhir):
    put = await fhir.put("Patient/x", PATIENT, Content_Type=XML, Accept=XML)
    assert put.status_code == 201
    stored = read(fhir, put)
    assert stored["name"] == [{"given": ["Bưởi"]}]
    assert (await fhir.get("Patient/x")).json() == stored
    assert read(fhir, await fhir.get("Patient/x", Accept=XML)) == stored
    assert read(fhir, await fhir.get("Patient/x?_format=xml", Accept="application/fhir+json"))
    again = await fhir.put("Patient/x", stored, Accept=XML)
    assert read(fhir, again)["active"] is True


async def test_the_headers_of_a_version_are_the_same_in_either_format(fhir):
    put = await fhir.put("Patient/x", PATIENT, Content_Type=XML, Accept=XML)
    assert put.headers["etag"] == 'W/"1"'
    assert put.headers["location"].endswith("/Patient/x/_history/1")
    for wish in (XML, "application/fhir+json"):
        answer = await fhir.get("Patient/x", Accept=wish)
        assert answer.headers["etag"] == 'W/"1"'
        assert answer.headers["last-modified"] == put.headers["last-modified"]
        assert answer.headers["vary"] == "Accept, Accept-Encoding"
        head = await fhir.http.head("/fhir/Patient/x", headers={"Accept": wish})
        assert not head.content
        assert head.headers["content-length"] == answer.headers["content-length"]


async def test_bundles_and_parameters_are_xml_too(fhir):
    bundle = {
        "resourceType": "Bundle",
        "type": "transaction",
        "entry": [
            {
                "resource": {"resourceType": "Patient", "active": True},
                "request": {"method": "POST", "url": "Patient"},
            }
        ],
    }
    body = to_xml(fhir.context.spec.structures, bundle)
    done = await fhir.post("", body, Content_Type=XML, Accept=XML)
    assert read(fhir, done)["entry"][0]["response"]["status"].startswith("201")
    found = read(fhir, await fhir.get("Patient?active=true", Accept=XML))
    assert found["entry"][0]["resource"]["active"] is True
    assert read(fhir, await fhir.get("metadata", Accept=XML))["format"]


async def test_a_posted_search_takes_its_format_from_the_form(fhir):
    form = {"Content_Type": "application/x-www-form-urlencoded"}
    answer = await fhir.post("Patient/_search", b"_format=xml", **form)
    assert read(fhir, answer)["type"] == "searchset"


@pytest.mark.parametrize("wish", ["application/json", "text/xml"])
async def test_a_generic_media_type_is_answered_as_it_was_asked(fhir, wish):
    answer = await fhir.get("Patient", Accept=wish)
    assert answer.headers["content-type"] == f"{wish}; charset=utf-8"


async def test_an_error_is_told_in_the_format_asked_for(fhir):
    for path, status in (("Patient/none", 404), ("Nonsense/1", 404), ("Patient?x=1", 400)):
        answer = await fhir.get(path, Accept=XML)
        assert answer.status_code == status
        assert read(fhir, answer)["resourceType"] == "OperationOutcome"
    refused = await fhir.post("Patient", b"{", Accept=XML)
    assert read(fhir, refused)["issue"][0]["code"] == "structure"


async def test_a_format_that_is_not_served_is_a_406_in_json(fhir):
    for answer in (
        await fhir.get("Patient", Accept="text/turtle"),
        await fhir.get("Patient?_format=html"),
        await fhir.get("Patient", Accept="application/fhir+json; fhirVersion=5.0"),
        await fhir.post("Binary", b"x", Content_Type="text/plain", Accept="text/plain"),
    ):
        assert answer.status_code == 406
        assert answer.json()["issue"][0]["code"] == "not-supported"


@pytest.mark.parametrize(
    "content_type",
    [
        "text/turtle",
        "application/fhir+xml; charset=iso-8859-1",
        "application/fhir+json; fhirVersion=3.0",
        "application/x-www-form-urlencoded",
    ],
)
async def test_a_body_that_is_not_fhir_in_utf_8_is_a_415(fhir, content_type):
    answer = await fhir.post("Patient", PATIENT, Content_Type=content_type)
    assert answer.status_code == 415
    assert await fhir.stored() == 0


@pytest.mark.parametrize("content_type", [XML, "application/xml", "text/xml; charset=UTF-8"])
async def test_xml_that_does_not_fit_is_a_400_with_its_place(fhir, content_type):
    body = PATIENT.replace(b"given", b"nonsense")
    answer = await fhir.put("Patient/x", body, Content_Type=content_type)
    assert answer.status_code == 400
    assert answer.json()["issue"][0]["expression"] == ["Patient.name[0]"]


async def test_what_json_would_be_refused_for_is_refused_in_xml(fhir):
    body = PATIENT.replace(b'"true"', b'"true"><extension/></active><active value="x"', 1)
    assert (await fhir.put("Patient/x", body, Content_Type=XML)).status_code == 400
    wrong = PATIENT.replace(b"</Patient>", b'<birthDate value="2026-02-30"/></Patient>')
    answer = await fhir.put("Patient/x", wrong, Content_Type=XML)
    assert answer.status_code == 422
    assert answer.json()["issue"][0]["expression"] == ["Patient.birthDate"]


async def test_an_operation_takes_its_parameters_in_xml_and_its_documents_as_they_are(fhir):
    parameters = to_xml(fhir.context.spec.structures, {"resourceType": "Parameters"})
    answer = await fhir.post("Patient/$merge", parameters, Content_Type=XML)
    assert answer.json()["issue"][0]["diagnostics"].startswith("source-patient")
    envelope = await fhir.post("$submit-document", b"<a/>", Content_Type="application/xml")
    assert "GIAMDINHHS" in envelope.text


async def test_pretty_indents_either_format(fhir):
    await fhir.put("Patient/x", PATIENT, Content_Type=XML)
    assert b'\n  "active": true' in (await fhir.get("Patient/x?_pretty=true")).content
    pretty = await fhir.get("Patient/x?_pretty=true", Accept=XML)
    assert b'\n  <active value="true"/>\n' in pretty.content


async def test_a_large_body_is_converted_beside_the_loop(fhir, monkeypatch):
    monkeypatch.setattr("fhir_server.interactions.aside.LARGE", 10)
    await fhir.put("Patient/x", PATIENT, Content_Type=XML)
    assert read(fhir, await fhir.get("Patient/x", Accept=XML))["active"] is True


async def test_what_xml_cannot_carry_is_a_406_that_names_the_place(fhir, monkeypatch):
    await fhir.put("Patient/x", PATIENT, Content_Type=XML)

    async def broken(*_):
        return formats.FhirResponse(200, json.dump({"resourceType": "Patient", "language": "\x01"}))

    monkeypatch.setattr("fhir_server.http.endpoint.run", broken)
    answer = await fhir.get("Patient/x", Accept=XML)
    assert answer.status_code == 406
    assert read(fhir, answer)["issue"][0]["expression"] == ["Patient.language"]


@pytest.mark.parametrize("wish", ["_format=ndjson", "_format=application/fhir%2Bndjson"])
async def test_a_search_is_given_a_resource_a_line_with_its_links_in_the_header(fhir, wish):
    for name in ("a", "b", "c"):
        body = {"resourceType": "Basic", "id": name, "code": {"text": name}}
        await fhir.put(f"Basic/{name}", body)
    seen, url = [], f"Basic?_count=2&{wish}"
    while url:
        answer = await fhir.get(url)
        assert answer.headers["content-type"] == "application/fhir+ndjson; charset=utf-8"
        seen += [json.parse_object(line)["id"] for line in answer.content.splitlines()]
        links = dict(reversed(one.split("; rel=")) for one in answer.headers["link"].split(", "))
        following = links.get('"next"')
        url = following and following.strip("<>").partition("/fhir/")[2]
    assert seen == ["a", "b", "c"]


async def test_one_resource_is_one_line_and_so_is_an_error(fhir):
    await fhir.put("Bundle/b", {"resourceType": "Bundle", "id": "b", "type": "collection"})
    for path, type_ in (("Bundle/b", "Bundle"), ("Bundle/nobody", "OperationOutcome")):
        answer = await fhir.get(path, Accept="application/x-ndjson")
        assert answer.content.endswith(b"}\n")
        assert answer.content.count(b"\n") == 1
        assert json.parse_object(answer.content)["resourceType"] == type_


async def test_lines_are_answered_and_not_read(fhir):
    answer = await fhir.post("Basic", b"{}", Content_Type="application/fhir+ndjson")
    assert answer.status_code == 415
