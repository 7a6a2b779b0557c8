"""The load generator: HTTP/1.1 over keep-alive connections, in a process of its own."""

import asyncio
import statistics
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import cast

import uvloop

from benchmarks.exchange import Address
from benchmarks.workloads import Workload

# Seconds a run may last.
LONGEST = 300.0
# Bytes of a refused answer that are told.
_TOLD = 500
# https://www.rfc-editor.org/rfc/rfc9112#section-6.3
_NO_BODY = (b"204", b"304")
_LAST_CHUNK = b"\r\n0\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Measured:
    """One run of a workload, in seconds; `wrong` names a gate that was not passed."""

    requests: int
    seconds: float
    p50: float
    p99: float
    wrong: str


class _Connection(asyncio.Protocol):
    """Sends a request when it is its turn; once that is answered the next of its client's has it.

    A client of one server has one, and so asks again as soon as it is answered.
    """

    def __init__(
        self, waiting: Iterator[bytes], seen: "_Seen", client: "list[_Connection]"
    ) -> None:
        self._waiting, self._seen, self._client = waiting, seen, client
        self._buffer = b""
        self._length = -1
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def turn(self) -> None:
        """Send the next request; hang up at all servers where there is none left."""
        request = next(self._waiting, None)
        if request is None:
            for one in self._client:
                one.close()
            return
        self._began = time.perf_counter()
        self._transport.write(request)

    def close(self) -> None:
        """Hang up."""
        self._transport.close()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if self._length < 0:
            self._length = _length(self._buffer)
        if 0 < self._length <= len(self._buffer):
            self._seen.answer(self._buffer, time.perf_counter() - self._began)
            self._buffer, self._length = b"", -1
            self._client[(self._client.index(self) + 1) % len(self._client)].turn()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio calls it
        if not self.ended.done():
            self.ended.set_result(None)


def _length(answer: bytes) -> int:
    """Give how many bytes an answer has, -1 while that is not known."""
    head, found, _ = answer.partition(b"\r\n\r\n")
    if not found:
        return -1
    if answer[9:12] in _NO_BODY:
        return len(head) + 4
    size = head.lower().partition(b"\r\ncontent-length:")[2].partition(b"\r\n")[0]
    if size:
        return len(head) + 4 + int(size)
    return len(answer) if answer.endswith(_LAST_CHUNK) else -1


class _Seen:
    """The answers of one run: times, statuses, how many lack what they must hold, one refused."""

    def __init__(self, workload: Workload) -> None:
        self._marker, self._times = workload.marker, workload.times
        self._status, self.other = workload.status, b""
        self.seconds: list[float] = []
        self.statuses: Counter[bytes] = Counter()
        self.short = 0

    def answer(self, answer: bytes, seconds: float) -> None:
        self.seconds.append(seconds)
        self.statuses[answer[9:12]] += 1
        if not self.other and not answer[9:12].startswith(self._status):
            self.other = answer
        self.short += answer.count(self._marker) != self._times


def run(addresses: Sequence[Address], workloads: Sequence[Workload]) -> list[Measured]:
    """Send each workload's requests to its address, once each; at most five minutes.

    Where there are several each client asks the servers in turn: they get as many requests at the
    same time, and share what the machine and the database are just then. They have to be equally
    many, of equally many clients.
    """
    return uvloop.run(_run(addresses, workloads))


async def _run(addresses: Sequence[Address], workloads: Sequence[Workload]) -> list[Measured]:
    asked = [(iter(one.requests), _Seen(one)) for one in workloads]
    clients = [await _client(addresses, asked) for _ in range(workloads[0].concurrency)]
    began = time.perf_counter()
    async with asyncio.timeout(LONGEST):
        for client in clients:
            client[0].turn()
        for one in chain.from_iterable(clients):
            await one.ended
    seconds = time.perf_counter() - began
    return [_measured(one, seen, seconds) for one, (_, seen) in zip(workloads, asked, strict=True)]


async def _client(
    addresses: Sequence[Address], asked: Sequence[tuple[Iterator[bytes], "_Seen"]]
) -> list[_Connection]:
    loop, client = asyncio.get_running_loop(), list[_Connection]()
    for address, (waiting, seen) in zip(addresses, asked, strict=True):
        made = partial(_Connection, waiting, seen, client)
        host, port = address.host, address.port
        _, connection = await loop.create_connection(made, host, port, ssl=address.context)
        client.append(connection)
    return client


def _measured(workload: Workload, seen: "_Seen", seconds: float) -> Measured:
    cuts = statistics.quantiles([*seen.seconds, *seen.seconds], n=100)
    return Measured(len(seen.seconds), seconds, cuts[49], cuts[98], _wrong(workload, seen))


def _wrong(workload: Workload, seen: _Seen) -> str:
    if len(seen.seconds) != len(workload.requests):
        return f"{len(seen.seconds)} answers to {len(workload.requests)} requests"
    if any(not status.startswith(workload.status) for status in seen.statuses):
        return f"statuses {dict(seen.statuses)}: {seen.other[-_TOLD:].decode(errors='replace')}"
    return f"{seen.short} answers without {workload.marker!r} x{workload.times}" * bool(seen.short)
