"""What only a socket shows: lengths that lie, chunks that are none, heads that are odd."""

import json
import socket
from contextlib import closing
from random import Random

import pytest

from tests.faults.processes import serving

BODY = b'{"resourceType":"Basic","code":{"text":"x"}}'
LENGTHS = [
    b"Content-Length: 5", b"Content-Length: 0", b"Content-Length: 9999", b"Content-Length: -1",
    b"Content-Length: 99999999999999999999999", b"Content-Length: 0x10", b"Content-Length: +44",
    b"Content-Length: 44, 44", b"Content-Length: ", b"Content-Length: 44\r\nContent-Length: 44",
    b"Content-Length: 44\r\nContent-Length: 45", b"Transfer-Encoding: chunked",
    b"Transfer-Encoding: chunked\r\nContent-Length: 44", b"Transfer-Encoding: gzip, chunked",
    b"Transfer-Encoding: xchunked", b"Transfer-Encoding: identity", b"Transfer-Encoding : chunked",
    b"Expect: 100-continue\r\nContent-Length: 44", b"Expect: 200-maybe\r\nContent-Length: 44",
    b"X: y",
    b"Content-Encoding: gzip\r\nContent-Length: 44", b"Upgrade: h2c\r\nContent-Length: 44",
]  # fmt: skip
CHUNKS = [
    b"2c\r\n" + BODY + b"\r\n0\r\n\r\n", b"2c;a=b\r\n" + BODY + b"\r\n0\r\nX: y\r\n\r\n",
    b"0\r\n\r\n",
    b"zz\r\n", b"-1\r\n",
    b"ffffffffffffffff\r\n" + BODY, b"2c\r\n" + BODY, b"2\r\n" + BODY, BODY, b"",
]  # fmt: skip
# A header, the body, and the status that comes of them.
WHOLE = [
    (b"Content-Length: 44", BODY, b"201"),
    (b"Transfer-Encoding: chunked", CHUNKS[0], b"201"),
    (b"Transfer-Encoding: chunked", CHUNKS[1], b"201"),
    (b"Transfer-Encoding: chunked", CHUNKS[2], b"400"),
    (b"Transfer-Encoding: chunked", b"zz\r\n", b"400"),
    (b"Content-Length: 0", b"", b"400"),
    (b"Content-Length: 99999999", b"", b"413"),
    (b"Content-Encoding: gzip\r\nContent-Length: 44", BODY, b"400"),
    (b"Content-Encoding: br\r\nContent-Length: 44", BODY, b"415"),
    (b"Content-Length: 44\r\nContent-Length: 45", BODY, b"400"),
    (b"Transfer-Encoding: chunked\r\nContent-Length: 44", CHUNKS[0], b"400"),
    (b"If-None-Exist: a=b\r\nIf-None-Exist: a=b\r\nContent-Length: 44", BODY, b"400"),
]  # fmt: skip
LINES = [
    b"GET /fhir/../etc/passwd HTTP/1.1", b"GET /fhir/Basic/../Patient HTTP/1.1", b"GET * HTTP/1.1",
    b"GET //fhir//Basic HTTP/1.1", b"GET /fhir/Basic;x=1 HTTP/1.1", b"GET /fhir/Basic/%00 HTTP/1.1",
    b"GET /fhir/\xff\xfe HTTP/1.1", b"GET /fhir/Basic#a HTTP/1.1", b"GET /fhir/a b HTTP/1.1",
    b"GET",
    b"GET http://example.org/fhir/Basic HTTP/1.1", b"CONNECT example.org:443 HTTP/1.1",
    b"GET /fhir/" + b"a" * 20_000 + b" HTTP/1.1",
    b"GET /fhir/Basic?" + b"a=b&" * 20_000 + b" HTTP/1.1",
    b"GET /fhir/metadata HTTP/1.0", b"GET /fhir/metadata HTTP/0.9", b"get /fhir/metadata HTTP/1.1",
    b"PRI * HTTP/2.0", b"OPTIONS * HTTP/1.1", b"TRACE /fhir/metadata HTTP/1.1", b" GET / HTTP/1.1",
    b"GET /%66hir/metadata HTTP/1.1", b"GET /fhir%2fmetadata HTTP/1.1",
    b"GET /FHIR/metadata HTTP/1.1",
    b"GET \\fhir\\Basic HTTP/1.1", b"GET ?a HTTP/1.1", b"GET fhir HTTP/1.1", b"GET /fhirx HTTP/1.1",
]  # fmt: skip
HEADS = [
    b"Host: a", b"Host: a\r\nHost: b", b"", b"Host", b": a", b"Host: a\r\n folded", b"Host: \x00",
    b"Host: a\r\nX: " + b"y" * 100_000, b"Host: a\r\n" + b"X: y\r\n" * 5000 + b"Z: y",
    b"Host: a\nX: y", b"Host: a\r\nIf-Match: \xff", b"Host: a\r\nAccept: \x01",
]  # fmt: skip


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("fuzzed")) as server:
        yield server


def said(server, request, *, ended=True):
    """Send bytes and, if `ended`, no more ever; give all that comes back.

    A server that sees the end of what a client sends need not answer what is whole.
    """
    host, port = server.url.removeprefix("http://").split(":")
    with closing(socket.create_connection((host, int(port)), timeout=20)) as talk:
        try:
            talk.sendall(request)
            if ended:
                talk.shutdown(socket.SHUT_WR)
            return b"".join(iter(lambda: talk.recv(65_536), b""))
        except ConnectionError:
            return b""


def assert_answered(server, request, *, ended=True):
    """Refuse a 5xx and a trace; a refusal of FHIR's is an OperationOutcome. Give the status."""
    answer = said(server, request, ended=ended)
    assert not answer.startswith((b"HTTP/1.1 5", b"HTTP/1.0 5")), (request[:300], answer[:500])
    assert b"Traceback" not in answer
    head, _, body = answer.partition(b"\r\n\r\n")
    if b"application/fhir+json" in head and head[9:10] == b"4":
        outcome = json.loads(body[: body.rfind(b"}") + 1].partition(b"HTTP/1.")[0])
        assert outcome["resourceType"] == "OperationOutcome"
    return answer[9:12]


def assert_well(server):
    with server.client() as client:
        assert client.get("/fhir/Basic?_summary=count").status_code == 200
    assert '"event":"crash"' not in server.log
    assert "Traceback" not in server.log


def posted(*lines, body=BODY):
    head = [
        b"POST /fhir/Basic HTTP/1.1",
        b"Host: a",
        b"Content-Type: application/fhir+json",
        *lines,
    ]
    return b"\r\n".join([*head, b"", body])


@pytest.mark.parametrize(("line", "body", "status"), WHOLE)
def test_a_whole_request_is_answered_as_its_length_says(server, line, body, status):
    request = posted(b"Connection: close", line, body=body)
    assert assert_answered(server, request, ended=False) == status
    assert_well(server)


def test_a_length_that_lies_is_answered(server):
    for line in LENGTHS:
        for body in CHUNKS:
            assert_answered(server, posted(line, body=body))
    assert_well(server)


def test_an_odd_request_line_is_answered(server):
    rest = b"\r\nHost: a\r\nConnection: close\r\n\r\n"
    seen = {assert_answered(server, line + rest, ended=False) for line in LINES}
    assert seen >= {b"200", b"400", b"404", b"414"}
    assert_well(server)


def test_an_odd_head_is_answered(server):
    for head in HEADS:
        assert_answered(server, b"GET /fhir/metadata HTTP/1.1\r\n" + head + b"\r\n\r\n")
    assert_well(server)


def test_random_bytes_are_answered(server):
    random = Random(1)
    for _ in range(100):
        assert_answered(server, random.randbytes(random.randrange(1, 400)))
    assert_well(server)


def test_a_request_cut_or_bent_at_any_byte_is_answered(server):
    random = Random(2)
    whole = posted(b"Content-Length: %d" % len(BODY), b"If-None-Exist: code=x", b"Accept: */*")
    for end in range(1, len(whole), 3):
        assert_answered(server, whole[:end])
        at = random.randrange(len(whole))
        assert_answered(server, whole[:at] + bytes([random.randrange(256)]) + whole[at + 1 :])
    assert_well(server)
