"""Whatever is sent as XML, packed or mislabelled, the answer is FHIR and below 500."""

import gzip
import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fhir_server.fhir import json
from fhir_server.fhir.errors import Invalid
from fhir_server.spec.spec import load
from fhir_server.spec.xml import from_xml, to_xml

EXAMPLES = sorted(
    path
    for path in (Path(__file__).parents[1] / "conformance" / "r4_examples").glob("*.json")
    if path.stat().st_size < 20_000
)
STRUCTURES = load().structures
SNIPPETS = [
    b"<", b">", b"/>", b'"', b"'", b"&", b"&#0;", b"&#x1F;", b"&nbsp;", b"&#xD800;", b"]]>",
    b"<![CDATA[x]]>", b"<!-- -->", b"<?x?>", b"<!DOCTYPE a>", b"\x00", b"\xff", b"\xef\xbb\xbf",
    b'<div xmlns="http://www.w3.org/1999/xhtml"/>', b"<id/>", b'<value value="1e999999"/>',
    b' xmlns=""', b' id=""', b' value="\t"', b"<contained/>",
    b"<extension><extension/></extension>",
    b"9" * 5000,
]  # fmt: skip
TYPES = ["application/fhir+xml", "application/xml", "application/fhir+xml; charset=utf-16",
         "application/fhir+json", "text/plain", "", ";",
         "application/fhir+xml; fhirVersion=4.0"]  # fmt: skip

SHORT = settings(
    max_examples=80,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
LONG = settings(SHORT, max_examples=2000, derandomize=False)


@st.composite
def documents(draw):
    """Give (path, body): an example in XML with bytes put in, cut out, swapped or cut off."""
    random = draw(st.randoms(use_true_random=False))
    resource = json.parse_object(random.choice(EXAMPLES).read_bytes())
    body = to_xml(STRUCTURES, resource)
    for _ in range(random.choice([1, 1, 3])):
        tags = [found.start() for found in re.finditer(rb"<|>|=|\"", body)] or [0]
        at, to = random.choice(tags), random.choice(tags)
        match random.randrange(5):
            case 0:
                body = body[:at]
            case 1:
                body = body[:at] + random.choice(SNIPPETS) + body[at:]
            case 2:
                body = body[: min(at, to)] + body[max(at, to) :]
            case 3:
                body = body[:at] + body[min(at, to) : max(at, to)] + body[at:]
            case _:
                body = body.decode(errors="replace").encode(
                    random.choice(["utf-16", "cp1258", "utf-7"]), "replace"
                )
    return resource["resourceType"], body


def assert_fhir(answer):
    assert answer.status_code < 500, answer.text
    if answer.status_code >= 400:
        outcome = (
            from_xml(STRUCTURES, answer.content)
            if "xml" in answer.headers["content-type"]
            else answer.json()
        )
        assert outcome["resourceType"] == "OperationOutcome"
        assert all(issue["diagnostics"].isprintable() for issue in outcome["issue"])


async def ask(fhir, sent, content_type, accept, *, packed):
    path, body = sent
    body, coding = (gzip.compress(body), "gzip") if packed else (body, "identity")
    headers = {"Content_Type": content_type, "Accept": accept, "Content_Encoding": coding}
    assert_fhir(await fhir.post(path, body, **headers))


REQUEST = given(
    documents(),
    st.sampled_from(TYPES),
    st.sampled_from(["application/fhir+xml", "application/fhir+json"]),
    st.booleans(),
)


@SHORT
@REQUEST
async def test_no_xml_makes_the_server_fail(fhir, sent, content_type, accept, packed):
    await ask(fhir, sent, content_type, accept, packed=packed)


@pytest.mark.long
@LONG
@REQUEST
async def test_no_xml_makes_the_server_fail_long(fhir, sent, content_type, accept, packed):
    await ask(fhir, sent, content_type, accept, packed=packed)


@settings(SHORT, max_examples=300)
@given(documents())
def test_what_is_read_from_xml_is_written_to_it_again(sent):
    try:
        resource = from_xml(STRUCTURES, sent[1])
    except Invalid:
        return
    again = to_xml(STRUCTURES, resource)
    assert json.dump(from_xml(STRUCTURES, again)) == json.dump(resource)
