"""What only a real socket shows: bodies that are too large, requests that are no HTTP."""

import socket
from contextlib import closing, suppress

import pytest

JSON = {"Content-Type": "application/fhir+json"}
LARGE = 30 * 1024 * 1024
PIECE = b" " * 65_536


def pieces():
    for _ in range(LARGE // len(PIECE)):
        yield PIECE


@pytest.mark.parametrize("path", ["/fhir/Patient", "/fhir", "/fhir/$submit-document"])
@pytest.mark.parametrize("body", [b" " * LARGE, pieces], ids=["told", "chunked"])
def test_a_body_of_30_mb_is_a_413(server, path, body):
    with server.client() as client:
        content = body if isinstance(body, bytes) else body()
        answer = client.post(path, content=content, headers=JSON)
        assert answer.status_code == 413
        assert answer.json()["issue"][0]["code"] == "too-long"
        assert client.get("/fhir/metadata").status_code == 200


def said(server, request):
    """Send bytes, then nothing more; give all that comes back."""
    with closing(connected(server)) as talk:
        talk.sendall(request)
        talk.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: talk.recv(65_536), b""))


@pytest.mark.parametrize(
    "request_",
    [
        b"\x00\x01\x02\r\n\r\n",
        b"GET /fhir/Patient HTTP/9.9\r\n\r\n",
        b"POST /fhir HTTP/1.1\r\nHost: a\r\nContent-Length: -5\r\n\r\n",
        b"POST /fhir HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{} ",
    ],
)
def test_what_is_no_http_is_refused_and_says_nothing_of_the_server(server, request_):
    answer = said(server, request_)
    assert answer.startswith((b"HTTP/1.1 4", b"HTTP/1.0 4"))
    assert b"Traceback" not in answer
    assert "Traceback" not in server.log


def test_a_body_that_ends_early_stores_nothing(server):
    request = b"POST /fhir/Basic HTTP/1.1\r\nHost: a\r\nContent-Length: 500\r\n\r\n{"
    said(server, request)
    with server.client() as client:
        assert client.get("/fhir/Basic?_summary=count").json()["total"] == 0
    assert '"level":"error"' not in server.log


def test_head_answers_without_a_body_and_the_connection_goes_on(server):
    with server.client() as client:
        assert client.head("/fhir/metadata").content == b""
        assert client.get("/fhir/metadata").json()["resourceType"] == "CapabilityStatement"


@pytest.mark.parametrize(
    "head",
    [
        b"GET /fhir/metadata HTTP/1.1\r\nHost: a\r\nX-Long: " + b"a" * 400_000,
        b"GET /fhir/metadata HTTP/1.1\r\nHost: a\r\n" + b"X-Many: a\r\n" * 40_000,
        b"GET /fhir/" + b"a" * 400_000,
        b"GET /fhir/metadata HTTP/1.1\r\nHost: a\r\n" + b"X-Many: a\r\n" * 200 + b"\r\n",
    ],
    ids=["endless-header", "endless-headers", "endless-url", "many-headers"],
)
def test_a_head_without_end_is_ended_and_the_server_goes_on(server, head):
    with closing(connected(server)) as talk:
        # The server may hang up while we are still talking.
        with suppress(OSError):
            talk.sendall(head)
        answer = b""
        with suppress(OSError):
            answer = talk.recv(65_536)
    assert answer[:12] in (b"HTTP/1.1 431", b"HTTP/1.1 414", b"")
    with server.client() as client:
        assert client.get("/fhir/metadata").status_code == 200


def connected(server):
    host, port = server.url.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)), timeout=20)
