"""One answer goes in one piece where the server takes it so, otherwise as ASGI's two events."""

import pytest

from fhir_server.fhir.exchange import FhirRequest, FhirResponse
from fhir_server.http import cors
from fhir_server.http.exchange import WHOLE, send_response

ASKED = FhirRequest("GET", "Patient/1")
ANSWER = FhirResponse(200, b"{}", [("ETag", 'W/"1"')])
HEAD = (
    (b"x-request-id", b"r-1"),
    (b"cache-control", b"no-store"),
    (b"vary", b"Accept, Accept-Encoding"),
    (b"content-type", b"application/fhir+json; charset=utf-8"),
    (b"content-length", b"2"),
    (b"etag", b'W/"1"'),
)


class Server:
    """Keeps what it is to send."""

    def __init__(self):
        self.pieces, self.events = [], []
        headers = [(b"origin", b"https://app.example.org")]
        self.scope = {
            "method": "GET",
            "path": "/fhir/Patient/1",
            "headers": headers,
            "extensions": {WHOLE: self.whole},
        }

    async def whole(self, *piece):
        self.pieces.append(piece)

    async def send(self, event):
        self.events.append(event)


@pytest.fixture
def server():
    return Server()


async def test_a_server_that_takes_an_answer_whole_is_given_it_whole(server):
    await send_response(server.scope, server.send, ASKED, ANSWER, b"r-1")
    ((status, lines, body),) = server.pieces
    assert (status, body, server.events) == (200, b"{}", [])
    assert lines == [b"%b: %b" % one for one in HEAD]


async def test_any_other_server_is_given_the_same_in_two_events(server):
    del server.scope["extensions"]
    await send_response(server.scope, server.send, ASKED, ANSWER, b"r-1")
    start, body = server.events
    assert (start["status"], tuple(start["headers"]), body["body"]) == (200, HEAD, b"{}")


async def test_what_cors_adds_is_not_passed_by(server):
    async def origins():
        return frozenset({"https://app.example.org"})

    send = await cors.shared(origins, server.scope, server.send, fhir=True)
    await send_response(server.scope, send, ASKED, ANSWER, b"r-1")
    assert server.pieces == []
    told = dict(server.events[0]["headers"])
    assert told[b"access-control-allow-origin"] == b"https://app.example.org"


async def test_head_is_told_the_length_and_given_no_body(server):
    await send_response(server.scope, server.send, FhirRequest("HEAD", ""), ANSWER, b"r-1")
    ((_, lines, body),) = server.pieces
    assert b"content-length: 2" in lines
    assert body == b""


@pytest.mark.parametrize("value", ["a\r\nset-cookie: b", "a\n", "a\0", "\x7f"])
async def test_a_value_is_one_header(server, value):
    answer = FhirResponse(200, b"{}", [("Location", value)])
    with pytest.raises(RuntimeError):
        await send_response(server.scope, server.send, ASKED, answer, b"r-1")
    assert server.pieces == server.events == []
