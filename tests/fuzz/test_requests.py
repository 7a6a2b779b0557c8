"""Every verb on every shape of path, odd URLs and odd headers: an answer of FHIR's, below 500."""

from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fhir_server.fhir import json
from fhir_server.interactions import table
from fhir_server.operations import OPERATIONS
from tests.fuzz.answers import assert_fhir

SHORT = settings(
    max_examples=250,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
VERBS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "QUERY",
         "PROPFIND", "X" * 300]  # fmt: skip
SHAPES = sorted({row.pattern for row in table.build(OPERATIONS).rows})
TYPES = ["Basic", "Patient", "patient", "Nothing", "Resource", "commits", "Basic_history", "$meta"]
IDS = ["a", "nobody", "..", ".", "-", "a" * 64, "a" * 65, "á", "a b", "0", "$x", "_history", "a,b"]
PIECES = st.sampled_from(
    [*TYPES, *IDS, "_history", "_search", "metadata", "1", "99999999999999999999", "-1", "1.5", "",
     "$everything", "$meta", "$diff", "$$", "$", "%00", "%ff", "%2e%2e", "%2f", "%", "%zz",
     "%c0%af",
     "%ed%a0%80", "%252e", ";a=b", ":", "*", "~", "a" * 3000, "http:", "%0d%0aX: y", "\u1ec7"]
)  # fmt: skip
BODIES = [b"", b"{}", b"[]", b"null", json.dump({"resourceType": "Basic", "code": {"text": "x"}}),
          json.dump({"resourceType": "Basic", "id": "a", "code": {"text": "x"}})]  # fmt: skip
HEADERS = {
    "If-Match": ['W/"1"', '"1"', "1", "*", 'W/"', 'W/"a"', 'W/"99999999999999999999"',
    'W/"1", W/"2"',
                 'W/"-1"', 'W/"\u0661"', "", ","],
    "If-None-Match": ["*", 'W/"1"', "*, *", '""', 'W/"1",,W/"2"', "\xff", '"' * 500],
    "If-Modified-Since": ["Thu, 01 Jan 1970 00:00:00 GMT", "yesterday", "0", "2020-01-01",
                          "Fri, 31 Dec 9999 23:59:60 GMT", "Thu, 01 Jan 0000 00:00:00 GMT",
                          "Mon, 99 Foo 99999 99:99:99 +9999", "Thu, 01 Jan 1970 00:00:00 -2359"],
    "If-None-Exist": ["", "?", "code=x", "?code=x", "_id=a&_id=b", "nothing=1", "code=%ff",
    "a" * 3000,
                      "_count=1", "code:not=x", "http://[", "&&&", "=", "_sort=x", "_has:a:b:c=d"],
    "Prefer": ["return=minimal", "return=", "return=x", "handling=strict", "handling=lenient",
    ";;;",
               "respond-async=1", "return=minimal, return=representation", "wait=-1", ",", "\xff"],
    "Accept": ["application/fhir+xml", "*/*;q=0", "text/html", "application/fhir+json;q=nan",
    ";q=1",
               "application/fhir+json;q=1e999", "a/b" * 500, "*", ",,",
               "application/fhir+json;q=\xb2"],
    "Accept-Encoding": ["gzip;q=0, *", "zstd;q=inf", "br", "identity;q=0", "*;q=0", "\xff"],
    "Content-Type": ["application/fhir+xml", "text/plain", "", "application/json-patch+json",
    "\xff"],
    "Content-Encoding": ["gzip", "x-gzip", "br", "gzip, gzip", "", "\xff"],
    "Idempotency-Key": ["", "a", '"a"', "a" * 5000, "\xff", "$where", "a,b", "{}"],
    "X-Security-Context": ["Patient/1", "", "\xff"],
    "X-Request-Id": ["a b", "", "\xff", "a" * 500],
}  # fmt: skip
ONE_HEADER = st.sampled_from(sorted(HEADERS)).flatmap(
    lambda name: st.tuples(st.just(name), st.sampled_from(HEADERS[name]))
)
ODD_HEADERS = st.lists(
    ONE_HEADER
    | st.tuples(
        st.sampled_from(sorted(HEADERS)), st.text(st.characters(codec="latin-1"), max_size=30)
    ),
    max_size=3,
)
QUERIES = ["", "_format=x", "_format=xml", "_pretty=true", "_summary=data", "_elements=a", "%ff=1",
           "&&", "=", "_count=0", "a=b&a=b", "_page=x", "_since=0", "a" * 5000, "a&" * 301,
           "_summary=true&_elements=id", "_format=xml&_format=json"]  # fmt: skip


async def ask(fhir, verb, path, *, query="", headers=(), body=b""):
    """Send it as it is: no client's kindness with dots, percents or letters."""
    url = f"http://test.invalid/fhir/{path}" + (f"?{query}" if query else "")
    raw = [
        (name.encode(), told.encode("latin-1", "replace").translate(None, b"\r\n\0"))
        for name, told in headers
    ]
    answer = await fhir.http.request(verb, url, headers=raw, content=body)
    assert_fhir(answer, fhir.context.spec.structures)
    return answer


@pytest.fixture(scope="module")
async def filled(filled):
    """Give the client with something stored under `Basic/a`."""
    await filled.put("Basic/a", {"resourceType": "Basic", "id": "a", "code": {"text": "x"}})
    return filled


@pytest.mark.parametrize("verb", VERBS)
async def test_every_verb_on_every_shape_is_answered(filled, verb):
    for shape in SHAPES:
        for type_ in TYPES:
            path = shape.format(type=type_, id="a", compartment="Basic", version="1")
            for body in BODIES:
                answer = await ask(filled, verb, path, body=body)
                if verb not in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"):
                    assert answer.status_code in (404, 405, 400)


@SHORT
@given(
    st.sampled_from(VERBS[:6]),
    st.lists(PIECES, max_size=6).map("/".join),
    st.sampled_from(QUERIES),
    st.sampled_from(BODIES),
)
async def test_an_odd_url_is_answered(filled, verb, path, query, body):
    await ask(filled, verb, path, query=query, body=body)


@SHORT
@given(
    st.sampled_from(VERBS[:6]),
    st.sampled_from(["Basic/a", "Basic", "Basic/b", "", "Basic/a/_history/1", "Basic/$validate",
                     "Binary/a", "metadata", "Basic?code=x", "_history"]),
    ODD_HEADERS,
    st.sampled_from(BODIES),
)  # fmt: skip
async def test_an_odd_header_is_answered(filled, verb, path, headers, body):
    await ask(filled, verb, path, headers=headers, body=body)


@pytest.mark.parametrize("name", HEADERS)
@pytest.mark.parametrize("verb", VERBS[:6])
async def test_every_odd_value_of_a_header_is_answered(filled, verb, name):
    for told in HEADERS[name]:
        for path in ("Basic/a", "Basic", "Basic?code=x", "Basic/new"):
            await ask(filled, verb, path, headers=[(name, told)], body=BODIES[-1])
            await ask(filled, verb, path, headers=[(name, told), (name, told)], body=BODIES[-2])


@SHORT
@given(st.text(min_size=1, max_size=12), st.sampled_from(["Basic/", "Basic/a/", "$", "Basic?", ""]))
async def test_any_text_percent_encoded_in_a_url_is_answered(filled, text, before):
    told = quote(text.encode("utf-8", "replace"), safe="")
    for verb in ("GET", "PUT", "DELETE"):
        await ask(filled, verb, before + told, body=BODIES[-1])
