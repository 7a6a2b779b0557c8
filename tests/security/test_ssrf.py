"""No address in what is sent is ever asked: a listener in the same machine hears nothing."""

import asyncio
from urllib.parse import quote

import pytest

HOSTS = (
    "127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "0", "0.0.0.0", "127.1", "2130706433",
    "0x7f000001", "017700000001", "good.example.org@127.0.0.1", "127.0.0.1.",
)  # fmt: skip


@pytest.fixture
async def listener():
    """Give the port of a listener, and what it heard."""
    heard = []

    async def hear(reader, writer):
        heard.append(await reader.read(1024))
        writer.close()

    server = await asyncio.start_server(hear, "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1], heard
    server.close()
    await server.wait_closed()


def sinks(url):
    """Give requests with the address in each place that might be followed."""
    report = {"resourceType": "DocumentReference", "status": "current",
              "content": [{"attachment": {"contentType": "text/plain", "url": url}}]}  # fmt: skip
    said = {"resourceType": "Basic", "code": {"text": "x"}, "meta": {"profile": [url]}}
    coded = {"resourceType": "Basic", "code": {"coding": [{"system": url, "code": "x"}]}}
    told = {"resourceType": "Basic", "code": {"text": "x"}, "extension": [{"url": url}]}
    refers = {"resourceType": "Basic", "code": {"text": "x"}, "subject": {"reference": url}}
    answers = {"resourceType": "QuestionnaireResponse", "status": "completed", "questionnaire": url}
    bundle = {"resourceType": "Bundle", "type": "collection",
              "link": [{"relation": "next", "url": url}]}  # fmt: skip
    channel = {"type": "rest-hook", "endpoint": url}
    wanted = {"resourceType": "Subscription", "status": "requested", "reason": "x",
              "criteria": "Patient?", "channel": channel}  # fmt: skip
    for body in (report, said, coded, told, refers, answers, bundle, wanted):
        yield "POST", body["resourceType"], body
        yield "POST", f"{body['resourceType']}/$validate", body
    for path in ("ValueSet/$expand?url=", "ValueSet/$validate-code?code=x&url=",
                 "CodeSystem/$lookup?code=x&system=", "ConceptMap/$translate?code=x&url=",
                 "Observation?code:in=", "Observation?_profile=", "Basic?subject=",
                 "DocumentReference?location="):  # fmt: skip
        yield "GET", path + quote(url, safe=""), None


@pytest.mark.parametrize("host", HOSTS)
async def test_no_address_that_is_sent_is_asked(fhir, listener, host):
    port, heard = listener
    tried = 0
    for scheme in ("http", "https"):
        for method, path, body in sinks(f"{scheme}://{host}:{port}/latest/meta-data"):
            answer = await (fhir.get(path) if method == "GET" else fhir.post(path, body))
            assert answer.status_code < 500, (path, answer.text)
            tried += 1
    assert tried == 48
    assert heard == []
