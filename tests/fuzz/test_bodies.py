"""Bodies that are no FHIR: random bytes, random JSON, cut and mislabelled JSON and XML."""

import gzip

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fhir_server.fhir import json
from fhir_server.spec.xml import to_xml
from tests.fuzz.answers import assert_fhir

SHORT = settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
JSON, XML = "application/fhir+json", "application/fhir+xml"
PATHS = ["Patient", "Patient/a", "", "Patient/$validate", "Patient/_search", "Binary", "Binary/a"]
MARK = {"url": "http://example.org/y", "valueCode": "b"}
PATIENT = {
    "resourceType": "Patient",
    "id": "a",
    "extension": [{"url": "http://example.org/x", "valueDecimal": json.parse(b"1.50")}],
    "text": {"status": "empty", "div": '<div xmlns="http://www.w3.org/1999/xhtml">Đỗ&#169;</div>'},
    "name": [{"given": ["A", None], "_given": [None, {"extension": [MARK]}]}],
    "birthDate": "2000-02-29",
}
WORDS = ["resourceType", "Patient", "Bundle", "entry", "resource", "request", "method", "url", "id",
         "type", "batch", "transaction", "POST", "meta", "contained",
         "extension", "_id"]  # fmt: skip
NUMBERS = st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False)
ANY_JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.sampled_from(WORDS) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(WORDS) | st.text(max_size=5), inner, max_size=5)
    ),
    max_leaves=20,
)
LAUGHS = b"".join(b'<!ENTITY a%d "%s">' % (n + 1, b"&a%d;" % n * 10) for n in range(9))
ODD_XML = {
    "doctype": b'<!DOCTYPE Patient><Patient xmlns="http://hl7.org/fhir"/>',
    "laughs": b'<!DOCTYPE P [<!ENTITY a0 "ha">%s]><Patient xmlns="http://hl7.org/fhir">'
    b'<language value="&a9;"/></Patient>' % LAUGHS,
    "file": b'<!DOCTYPE P [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
    b'<Patient xmlns="http://hl7.org/fhir"><language value="&x;"/></Patient>',
    "parameter entity": b'<!DOCTYPE P [<!ENTITY % x SYSTEM "http://127.0.0.1:1/x"> %x;]><P/>',
    "no namespace": b'<Patient><id value="a"/></Patient>',
    "another namespace": b'<Patient xmlns="urn:hl7-org:v3"><id value="a"/></Patient>',
    "unbound prefix": b'<f:Patient><f:id value="a"/></f:Patient>',
    "include": b'<Patient xmlns="http://hl7.org/fhir" xmlns:xi="http://www.w3.org/2001/XInclude">'
    b'<xi:include href="file:///etc/passwd" parse="text"/></Patient>',
    "deep": b'<Patient xmlns="http://hl7.org/fhir">' + b"<contact>" * 5000,
    "many attributes": b"<Patient "
    + b" ".join(b'a%d="1"' % n for n in range(20_000))
    + b' xmlns="http://hl7.org/fhir"/>',
    "long attribute": b'<Patient xmlns="http://hl7.org/fhir"><id value="%s"/></Patient>'
    % (b"a" * 11_000_000),
    "mislabelled": b'<?xml version="1.0" encoding="UTF-16"?><Patient xmlns="x"/>',
    "latin-1": '<?xml version="1.0" encoding="ISO-8859-1"?><Patient xmlns="http://hl7.org/fhir">'
    '<language value="é"/></Patient>'.encode("latin-1"),
    "utf-16": '<?xml version="1.0" encoding="UTF-16"?><Patient xmlns="x"/>'.encode("utf-16"),
    "utf-32": '<Patient xmlns="http://hl7.org/fhir"/>'.encode("utf-32"),
    "utf-7": b'<?xml version="1.0" encoding="UTF-7"?>+ADw-Patient/+AD4-',
    "nothing": b"   ",
}
CONTENT_TYPES = [
    JSON, XML, "application/json", "text/xml", "text/plain", "", ";", "/", "application/fhir+json;",
    "application/fhir+json; charset=utf-16", "application/fhir+json; charset=latin-1",
    'application/fhir+json; charset="utf-8', "application/fhir+json; fhirVersion=9.9",
    "application/fhir+json, application/fhir+xml", "multipart/form-data; boundary=",
    "application/x-www-form-urlencoded", "application/fhir+json; charset=\xff", "a" * 5000,
    "application/json-patch+json", "application/fhir+ndjson",
]  # fmt: skip
ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32", "cp1258", "utf-7"]


async def ask(fhir, method, path, body, **headers):
    sent = {
        name.replace("_", "-").encode(): told.encode("latin-1") for name, told in headers.items()
    }
    url = f"http://test.invalid/fhir/{path}"
    answer = await fhir.http.request(method, url, content=body, headers=sent)
    assert_fhir(answer, fhir.context.spec.structures)
    return answer


@SHORT
@given(
    st.sampled_from(["POST", "PUT", "PATCH"]),
    st.sampled_from(PATHS),
    st.binary(max_size=200),
    st.sampled_from(CONTENT_TYPES),
)
async def test_random_bytes_are_answered(filled, method, path, body, content_type):
    await ask(filled, method, path, body, Content_Type=content_type)


@SHORT
@given(st.sampled_from(["POST", "PUT", "PATCH"]), st.sampled_from(PATHS), ANY_JSON)
async def test_random_json_is_answered(filled, method, path, value):
    await ask(filled, method, path, json.dump(value), Content_Type=JSON)


@pytest.mark.parametrize("content_type", [JSON, XML])
async def test_a_body_cut_at_any_byte_is_refused(filled, content_type):
    whole = json.dump(PATIENT)
    if content_type == XML:
        whole = to_xml(filled.context.spec.structures, PATIENT)
    for end in range(len(whole)):
        answer = await ask(filled, "PUT", "Patient/a", whole[:end], Content_Type=content_type)
        assert answer.status_code == 400, whole[:end]
    answer = await ask(filled, "PUT", "Patient/a", whole, Content_Type=content_type)
    assert answer.status_code in (200, 201)


async def test_a_packed_body_cut_at_any_byte_is_refused(filled):
    whole = gzip.compress(json.dump(PATIENT), mtime=0)
    for end in range(1, len(whole)):
        sent = {"Content_Type": JSON, "Content_Encoding": "gzip"}
        answer = await ask(filled, "PUT", "Patient/a", whole[:end], **sent)
        assert answer.status_code == 400, end


@pytest.mark.parametrize("name", ODD_XML)
@pytest.mark.parametrize("path", ["Patient", "Patient/$validate", ""])
async def test_hostile_xml_is_refused_and_tells_nothing(filled, name, path):
    answer = await ask(filled, "POST", path, ODD_XML[name], Content_Type=XML, Accept=JSON)
    assert 400 <= answer.status_code < 500
    assert "root:" not in answer.text


@pytest.mark.parametrize("content_type", CONTENT_TYPES)
@pytest.mark.parametrize("encoding", ENCODINGS)
async def test_any_charset_and_label_is_answered(filled, content_type, encoding):
    for text in (json.dump(PATIENT), to_xml(filled.context.spec.structures, PATIENT)):
        body = text.decode().encode(encoding, "replace")
        for method, path in (("PUT", "Patient/a"), ("POST", "Patient"), ("POST", "")):
            await ask(filled, method, path, body, Content_Type=content_type)
