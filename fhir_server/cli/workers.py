"""The processes of `serve --workers`: one that dies is replaced, and on SIGHUP each in its turn.

All accept from one socket, so that what waits in its queue finds whoever is there. A new process
begins to serve before an old one is told to leave; that one accepts no more, answers what it has,
and ends (fhir_server/cli/protocol.py). Code, settings' files and certificates are read anew.
"""

import asyncio
import logging
import os
import signal
import socket
import sys
from asyncio.subprocess import Process
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from itertools import count
from typing import BinaryIO, Literal

from uvicorn.config import STARTUP_FAILURE

COMMAND = (sys.executable, "-m", "fhir_server.cli.worker")
_STUCK = 120.0  # seconds without a sign of life of one that served or leaves
_AGAIN = 1.0  # seconds until a process is tried again that could not start
_log = logging.getLogger("fhir_server")


@dataclass(eq=False, slots=True)
class Worker:
    """One process, and what it is doing."""

    process: Process
    place: int
    state: Literal["starting", "serving", "leaving"] = "starting"

    def tell(self, became: str, level: int = logging.INFO) -> None:
        """Write a line of the log."""
        _log.log(level, "worker", {"worker": self.process.pid, "became": became})

    def end(self) -> None:
        """Ask it to leave."""
        self.state = "leaving"
        self.tell("leaving")
        with suppress(ProcessLookupError):
            self.process.terminate()


class Workers:
    """So many processes on a socket. What happens to them comes one at a time to `run`."""

    def __init__(self, listener: socket.socket, number: int) -> None:
        """Take a socket that is bound; nothing runs yet."""
        self._listener = listener
        self._number = number
        self._events: asyncio.Queue[Callable[[], None]] = asyncio.Queue()
        self._all: list[Worker] = []
        self._old: list[Worker] = []  # those a restart has yet to replace
        self._served = False
        self._code: int | None = None  # once all are to end

    async def run(self) -> int:
        """Keep them running until a signal ends it; give the exit code."""
        loop = asyncio.get_running_loop()
        for number, event in (
            (signal.SIGHUP, self._renew),
            (signal.SIGTERM, partial(self._end, 0)),
            (signal.SIGINT, partial(self._end, 0)),
        ):
            loop.add_signal_handler(number, self._events.put_nowait, event)
        async with asyncio.TaskGroup() as watching:
            await self._fill(watching)
            while self._code is None or self._all:
                (await self._events.get())()
                await self._fill(watching)
        return self._code

    async def _fill(self, watching: asyncio.TaskGroup) -> None:
        """Start what is missing; while old ones wait for that, one more than there were."""
        wanted = self._number + bool(self._old)
        while self._code is None and sum(one.state != "leaving" for one in self._all) < wanted:
            reading, writing = os.pipe()
            beats, given = os.fdopen(reading, "rb"), (self._listener.fileno(), writing)
            command, place = (*COMMAND, *map(str, given)), self._place()
            here = os.environ | {"WORKER_PLACE": str(place)}
            try:
                process = await asyncio.create_subprocess_exec(*command, env=here, pass_fds=given)
            finally:
                os.close(writing)
            worker = Worker(process, place)
            self._all.append(worker)
            watching.create_task(self._watch(worker, beats))

    def _place(self) -> int:
        """Give the lowest number nobody has: whoever comes later goes on with its metrics."""
        return next(one for one in count() if all(one != other.place for other in self._all))

    async def _watch(self, worker: Worker, beats: BinaryIO) -> None:
        """Hear when a process serves and when it has ended; kill it where it is stuck."""
        heard = asyncio.StreamReader()
        pipe, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(heard), beats
        )
        if await heard.read(1):
            self._events.put_nowait(partial(self._serves, worker))
        try:
            while await asyncio.wait_for(heard.read(64), _STUCK):
                pass
        except TimeoutError:
            worker.tell("stuck", logging.ERROR)
            worker.process.kill()
        await worker.process.wait()
        pipe.close()
        if worker.state == "starting" and self._served:
            await asyncio.sleep(_AGAIN)
        self._events.put_nowait(partial(self._ended, worker))

    def _renew(self) -> None:
        self._old = [one for one in self._all if one.state != "leaving"]

    def _serves(self, worker: Worker) -> None:
        if worker.state == "starting":
            worker.state = "serving"
            worker.tell("serving")
            self._served = True
            if self._old:
                self._old.pop(0).end()

    def _ended(self, worker: Worker) -> None:
        self._all.remove(worker)
        if worker.state == "leaving":
            worker.tell("ended")
        elif worker.state == "serving":
            worker.tell("died", logging.ERROR)
            self._old = [one for one in self._old if one is not worker]
        elif self._served:
            # What those there were serve with is better than nothing.
            worker.tell("failed", logging.ERROR)
            self._old = []
        else:
            self._end(STARTUP_FAILURE)

    def _end(self, code: int) -> None:
        if self._code is None:
            self._code = code
            # Who comes now is refused, and does not wait in a queue that nobody reads.
            self._listener.close()
        for worker in self._all:
            worker.end()
