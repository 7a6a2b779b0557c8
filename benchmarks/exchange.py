"""One request as it stands on the wire, and its answer: what a bench asks before it measures."""

import socket
import ssl
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPResponse

LONGEST = 60.0
# What a floor that sends an answer again says itself.
_SKIPPED = (b"date", b"server", b"connection", b"transfer-encoding", b"content-length")


@dataclass(frozen=True, slots=True)
class Address:
    """Where a server listens; `tls` as https does."""

    port: int
    host: str = "127.0.0.1"
    tls: bool = False

    @property
    def context(self) -> ssl.SSLContext | None:
        """What a connection is opened with."""
        return ssl.create_default_context() if self.tls else None


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, headers and whole body."""

    status: int
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes


def answered(address: Address, request: bytes) -> Answer:
    """Send a request and give its answer, whatever its status. Raises OSError without one."""
    with closing(_connected(address)) as connection:
        connection.sendall(request)
        told = HTTPResponse(connection)
        told.begin()
        body = told.read()
        headers = [(name.encode(), value.encode("latin-1")) for name, value in told.getheaders()]
    kept = [(name, value) for name, value in headers if name.lower() not in _SKIPPED]
    return Answer(told.status, (*kept, (b"content-length", b"%d" % len(body))), body)


def fetched(address: Address, request: bytes) -> bytes:
    """Give the body of an answer; SystemExit where it is not 2xx."""
    answer = answered(address, request)
    if not 200 <= answer.status < 300:  # noqa: PLR2004 - what 2xx means
        raise SystemExit(f"{line(request)}: {answer.status} {answer.body[:500]!r}")
    return answer.body


def line(request: bytes) -> str:
    """Give method and target of a request."""
    return request.partition(b" HTTP/1.1\r\n")[0].decode()


def _connected(address: Address) -> socket.socket:
    plain = socket.create_connection((address.host, address.port), LONGEST)
    context = address.context
    return context.wrap_socket(plain, server_hostname=address.host) if context else plain
