"""The load generator: HTTP/1.1 over keep-alive connections, in a process of its own."""

import asyncio
import os
import statistics
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

import uvloop

from benchmarks.workloads import Workload

LONGEST = 60.0


@dataclass(frozen=True, slots=True)
class Measured:
    """One run of a workload, in seconds; `wrong` names a gate that was not passed."""

    requests: int
    seconds: float
    p50: float
    p99: float
    wrong: str


class _Connection(asyncio.Protocol):
    """Sends the next request as soon as the last one is answered."""

    def __init__(self, waiting: Iterator[bytes], seen: "_Seen") -> None:
        self._waiting, self._seen = waiting, seen
        self._buffer = b""
        self._length = -1
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._next()

    def _next(self) -> None:
        request = next(self._waiting, None)
        if request is None:
            self._transport.close()
            return
        self._began = time.perf_counter()
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
            self._seen.answer(self._buffer, time.perf_counter() - self._began)
            self._buffer, self._length = b"", -1
            self._next()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio calls it
        if not self.ended.done():
            self.ended.set_result(None)


class _Seen:
    """The answers of one run: times and statuses, and how many lack what they must hold."""

    def __init__(self, workload: Workload) -> None:
        self._marker, self._times = workload.marker, workload.times
        self.seconds: list[float] = []
        self.statuses: Counter[bytes] = Counter()
        self.short = 0

    def answer(self, answer: bytes, seconds: float) -> None:
        self.seconds.append(seconds)
        self.statuses[answer[9:12]] += 1
        self.short += answer.count(self._marker) != self._times


def run(port: int, workload: Workload) -> Measured:
    """Send the workload's requests to 127.0.0.1:`port`, once each; at most a minute."""
    return uvloop.run(_run(port, workload))


async def _run(port: int, workload: Workload) -> Measured:
    waiting, seen = iter(workload.requests), _Seen(workload)
    loop = asyncio.get_running_loop()
    began = time.perf_counter()
    async with asyncio.timeout(LONGEST):
        pairs = [
            await loop.create_connection(lambda: _Connection(waiting, seen), "127.0.0.1", port)
            for _ in range(workload.concurrency)
        ]
        for _, connection in pairs:
            await connection.ended
    seconds = time.perf_counter() - began
    cuts = statistics.quantiles([*seen.seconds, *seen.seconds], n=100)
    return Measured(len(seen.seconds), seconds, cuts[49], cuts[98], _wrong(workload, seen))


def _wrong(workload: Workload, seen: _Seen) -> str:
    if len(seen.seconds) != len(workload.requests):
        return f"{len(seen.seconds)} answers to {len(workload.requests)} requests"
    if any(not status.startswith(b"2") for status in seen.statuses):
        return f"statuses {dict(seen.statuses)}"
    return f"{seen.short} answers without {workload.marker!r} x{workload.times}" * bool(seen.short)


def pin(core: int) -> None:
    """Keep this process on one core, where there are several and the system can."""
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_setaffinity") else []
    if len(cores) > 1:
        os.sched_setaffinity(0, {cores[core % len(cores)]})
