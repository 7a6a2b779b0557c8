"""Requests at a fixed rate, whatever the answers do: who asks does not wait for who asked before.

The time of an answer counts from when the request was due, so that a server that falls behind is
seen to. https://www.usenix.org/legacy/event/nsdi06/tech/schroeder.html
"""

import asyncio
import contextlib
import statistics
import time
from collections import Counter, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import cast

import uvloop

CONNECTIONS = 64
# What is not answered so long after the last request was due counts as lost.
LATEST = 15.0


@dataclass(frozen=True, slots=True)
class Stream:
    """Requests as bytes on the wire, `rate` a second, the first `after` seconds from the start.

    `marker` stands in the body of each good answer.
    """

    name: str
    requests: tuple[bytes, ...]
    rate: float
    marker: bytes
    after: float = 0


@dataclass(slots=True)
class Answered:
    """What came of a stream: seconds an answer took from when it was due, statuses, bad bodies."""

    name: str
    offered: float
    due: int
    seconds: list[float] = field(default_factory=list)
    statuses: Counter[str] = field(default_factory=Counter)
    wrong: int = 0
    first: float = 0
    last: float = 0

    @property
    def achieved(self) -> float:
        """Good answers a second, from the first request that was due to the last answer."""
        good = self.statuses["200"] + self.statuses["201"] - self.wrong
        return good / max(self.last - self.first, self.due / self.offered)

    def percentile(self, which: int) -> float:
        """Give the seconds that `which` % of the answers did not exceed."""
        return statistics.quantiles([*self.seconds, *self.seconds], n=1000)[which * 10 - 1]


Due = tuple[float, bytes, Stream]


class _Connection(asyncio.Protocol):
    def __init__(self, offer: "_Offer") -> None:
        self._offer = offer
        self._buffer, self._length = b"", -1

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def send(self, one: Due) -> None:
        self._due, request, self._stream = one
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if self._length < 0:
            head, found, _ = self._buffer.partition(b"\r\n\r\n")
            if not found:
                return
            size = head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
            self._length = len(head) + 4 + int(size)
        if len(self._buffer) >= self._length:
            self._offer.answered(self._stream, self._due, self._buffer)
            self._buffer, self._length = b"", -1
            self._offer.idle(self)


class _Offer:
    """Who is idle, what is due and not sent yet, and what was answered."""

    def __init__(self, streams: Iterable[Stream]) -> None:
        self.seen = {one.name: Answered(one.name, one.rate, len(one.requests)) for one in streams}
        self._idle: deque[_Connection] = deque()
        self._waiting: deque[Due] = deque()
        self._left = sum(one.due for one in self.seen.values())
        self.done = asyncio.Event()

    def idle(self, connection: _Connection) -> None:
        if self._waiting:
            connection.send(self._waiting.popleft())
        else:
            self._idle.append(connection)

    def due(self, one: Due) -> None:
        if self._idle:
            self._idle.popleft().send(one)
        else:
            self._waiting.append(one)

    def answered(self, stream: Stream, due: float, answer: bytes) -> None:
        seen, now = self.seen[stream.name], time.perf_counter()
        seen.seconds.append(now - due)
        seen.statuses[answer[9:12].decode()] += 1
        seen.wrong += answer[9:10] == b"2" and stream.marker not in answer
        seen.first, seen.last = seen.first or due, now
        self._left -= 1
        if not self._left:
            self.done.set()


def run(port: int, streams: Sequence[Stream]) -> list[Answered]:
    """Offer the streams to 127.0.0.1:`port`, each connection from an address of its own (Linux)."""
    return uvloop.run(_run(port, streams))


async def _run(port: int, streams: Sequence[Stream]) -> list[Answered]:
    offer, loop = _Offer(streams), asyncio.get_running_loop()
    for number in range(CONNECTIONS):
        whence = (f"127.0.1.{number + 1}", 0)
        _, made = await loop.create_connection(
            lambda: _Connection(offer), "127.0.0.1", port, local_addr=whence
        )
        offer.idle(made)
    began = time.perf_counter() + 0.1
    for at, request, stream in sorted(_schedule(streams, began), key=lambda one: one[0]):
        wait = at - time.perf_counter()
        if wait > 0:
            await asyncio.sleep(wait)
        offer.due((at, request, stream))
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(LATEST):
            await offer.done.wait()
    return [*offer.seen.values()]


def _schedule(streams: Sequence[Stream], began: float) -> Iterable[Due]:
    for one in streams:
        for number, request in enumerate(one.requests):
            yield began + one.after + number / one.rate, request, one
