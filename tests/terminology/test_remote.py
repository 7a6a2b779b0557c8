"""A terminology server of somebody else: asked once, never trusted, never waited for."""

import asyncio
from contextlib import asynccontextmanager
from urllib.parse import parse_qs

import httpx2
import pytest

from fhir_server.fhir import json
from fhir_server.fhir.errors import Invalid
from fhir_server.search.condition import Everything
from fhir_server.settings import Settings
from fhir_server.terminology import remote
from fhir_server.terminology.remote import Bounds, Remote, opened
from fhir_server.terminology.terminology import Terminology

SET, SYSTEM = "http://example.org/sets/theirs", "http://example.org/theirs"
TRUE = {"resourceType": "Parameters", "parameter": [{"name": "result", "valueBoolean": True}]}
EXPANDED = {
    "resourceType": "ValueSet",
    "expansion": {
        "contains": [{"system": SYSTEM, "code": "a", "contains": [{"system": SYSTEM, "code": "b"}]}]
    },
}


class Server:
    """A stand-in: answers everything with `status` and `body`, and notes what it was asked."""

    def __init__(self, body=b"", status=200, headers=()):
        self.body = body if isinstance(body, bytes) else json.dump(body)
        self.status, self.headers, self.asked = status, list(headers), []
        self.now = 0.0

    async def __call__(self, scope, receive, send):
        self.asked.append((scope["path"], parse_qs(scope["query_string"].decode())))
        start = {"type": "http.response.start", "status": self.status, "headers": self.headers}
        await send(start)
        await send({"type": "http.response.body", "body": self.body})


@asynccontextmanager
async def asking(server, **bounds):
    transport = httpx2.ASGITransport(app=server)
    async with opened("http://127.0.0.1/tx/", Bounds(**bounds), transport) as found:
        yield Remote(found._base, found._outbound, found._bounds, lambda: server.now)


async def test_a_code_is_asked_for_once_and_again_when_the_answer_is_old():
    server = Server(TRUE)
    async with asking(server, cache_seconds=10) as tx:
        for _ in range(3):
            assert await tx.member(f"{SET}|2", SYSTEM, "a") is True
        assert await tx.code(SYSTEM, "a") is True
        server.now = 11.0
        assert await tx.member(f"{SET}|2", SYSTEM, "a") is True
    asked = {"url": [SET], "valueSetVersion": ["2"], "system": [SYSTEM], "code": ["a"]}
    first, second, third = server.asked
    assert first == third == ("/tx/ValueSet/$validate-code", asked)
    assert second == ("/tx/CodeSystem/$validate-code", {"url": [SYSTEM], "code": ["a"]})


async def test_the_answers_kept_are_so_many():
    server = Server(TRUE)
    async with asking(server, cache_size=2) as tx:
        for code in ("a", "b", "c", "a"):
            await tx.code(SYSTEM, code)
    assert len(server.asked) == 4


async def test_a_value_set_is_expanded_with_all_levels():
    async with asking(Server(EXPANDED)) as tx:
        assert await tx.expand(SET, 2) == {(SYSTEM, "a"), (SYSTEM, "b")}
        assert await tx.expand(SET, 1) is None


@pytest.mark.parametrize(
    "server",
    [
        Server(status=500),
        Server(status=302, headers=[(b"location", b"http://127.0.0.1/other")]),
        Server(b"<html>"),
        Server(b"[]"),
        Server({"resourceType": "Parameters", "parameter": {"name": "result"}}),
        Server({"parameter": [1, {"name": "result", "valueBoolean": "yes"}]}),
        Server({"expansion": {"contains": 5}}),
        Server({"expansion": {"contains": ["x"], "total": 1}}),
        Server({"expansion": []}),
        Server({"expansion": {"total": 900, "contains": [{"system": SYSTEM, "code": "a"}]}}),
        Server(b"[" * 100_000),
        Server(b" " * (remote.MAX_BYTES + 1)),
        Server({"resourceType": "OperationOutcome"}, status=404),
    ],
)
async def test_whatever_goes_wrong_cannot_be_told(server):
    async with asking(server) as tx:
        assert await tx.member(SET, SYSTEM, "a") is None
        assert await tx.expand(SET, 10) is None
    assert all(path.startswith("/tx/ValueSet/$") for path, _ in server.asked)


async def test_after_failures_nobody_is_asked_for_a_while():
    server = Server(status=503)
    async with asking(server) as tx:
        for code in "abcde":
            assert await tx.code(SYSTEM, code) is None
        assert len(server.asked) == remote.FAILURES
        server.now, server.status, server.body = remote.PAUSE + 1, 200, json.dump(TRUE)
        assert await tx.code(SYSTEM, "a") is True


async def test_a_server_that_does_not_answer_is_not_waited_for():
    async def silent(scope, receive, send):
        await asyncio.Event().wait()

    async with opened("http://127.0.0.1", Bounds(seconds=0.01), httpx2.ASGITransport(silent)) as tx:
        assert await tx.code(SYSTEM, "a") is None


async def test_only_what_is_not_known_here_is_asked_for(content):
    def allow(_type):
        return Everything()

    server = Server(EXPANDED)
    async with asking(server) as tx:
        terminology = Terminology(content, 1_000, tx)
        assert await terminology.expand(allow, SET) == {(SYSTEM, "a"), (SYSTEM, "b")}
        await terminology.expand(allow, "http://hl7.org/fhir/ValueSet/observation-status")
        with pytest.raises(Invalid):
            await terminology.expand(allow, "ValueSet/none")
        with pytest.raises(Invalid):
            await terminology.expand(allow, f"{content.base_url}/ValueSet/none")
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    "address",
    [
        "ftp://example.org",
        "example.org",
        "http://a:b@example.org",
        "http://example.org?x",
        "http://",
    ],
)
def test_an_address_that_is_none_stops_the_start(address):
    with pytest.raises(ValueError, match="terminology_server"):
        Settings(terminology_server=address)
