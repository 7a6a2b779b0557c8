"""Lanes: questions on connections of the driver's, without the driver's work for each.

A lane carries one question at a time. Where none is free, or one answers anything that was not
expected, the driver is asked: see docs/adr/0054-a-lane-for-reads.md.
https://www.mongodb.com/docs/manual/reference/mongodb-wire-protocol/
"""

import asyncio
import logging
import struct
from asyncio.events import TimerHandle
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import bson
import pymongo
from pymongo import AsyncMongoClient
from pymongo.errors import ExecutionTimeout, NetworkTimeout, PyMongoError

from fhir_server.store.borrowed import Wire, borrowed

# A question that is longer is the driver's: it knows how long this server lets one be.
MOST_ASKED = 1_000_000
MOST_ANSWERED = 48_000_000
# Rows of a batch where no limit is given; the database ends one at 16 MB anyway.
BATCH = 10_000
# After an answer that was not expected no lane is opened for so long (s).
PAUSE = 1.0
# So long after the time it was given (s) the database may say that this was too short.
GRACE = 0.1
# The time is waited for in so many parts. A loop that is held is late to one of them, not to all:
# what came meanwhile is read before the next.
PARTS = 4

_OP_MSG = 2013
_MAX_TIME_EXPIRED = 50
# Length, number, number answered, opcode; flags, kind of the one section.
_HEAD = struct.Struct("<iiiiiB")
_LOG = logging.getLogger(__name__)

Rows = list[dict[str, Any]]
Told = TypeVar("Told")


class Unexpected(Exception):
    """An answer the driver had better ask for again."""


class Lane:
    """One connection, and whether it is done with."""

    def __init__(self, wire: Wire, ended: asyncio.Future[None]) -> None:
        """Whoever holds the connection waits for `ended`."""
        self.wire = wire
        self.late = False
        self._ended = ended
        self._number = 0
        self._timer: TimerHandle | None = None

    @property
    def ended(self) -> bool:
        """Say whether it is closed, or about to be."""
        return self._ended.done()

    def end(self) -> None:
        """Close it; what is asked on it is told so."""
        self.wire.abort()
        if not self._ended.done():
            self._ended.set_result(None)

    def expect(self, seconds: float, parts: int = PARTS) -> None:
        """End it, `late`, unless `hush` is called before so many parts of some seconds are over."""
        if parts:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(seconds, self.expect, seconds, parts - 1)
        else:
            self.late = True
            self.end()

    def hush(self) -> None:
        """Expect no more."""
        if self._timer:
            self._timer.cancel()

    async def find(self, question: bytes, name: str, enough: Callable[[Rows], bool]) -> Rows:
        """Give the rows, batch after batch, until there are enough."""
        cursor = (await self._ask(question))["cursor"]
        rows: Rows = cursor["firstBatch"]
        more = {"collection": name, "batchSize": BATCH, "$db": cursor["ns"].partition(".")[0]}
        while cursor["id"] and not enough(rows):
            cursor = (await self._ask(bson.encode({"getMore": cursor["id"], **more})))["cursor"]
            rows += cursor["nextBatch"]
        if cursor["id"]:
            ended = {"killCursors": name, "cursors": [cursor["id"]], "$db": more["$db"]}
            await self._ask(bson.encode(ended))
        return rows

    async def insert(self, question: bytes) -> None:
        """Have documents kept, as safely as the question says."""
        answer = await self._ask(question)
        if "writeErrors" in answer or "writeConcernError" in answer:
            raise Unexpected

    async def _ask(self, question: bytes) -> dict[str, Any]:
        self._number = self._number % 0x7FFFFFFF + 1
        head = _HEAD.pack(_HEAD.size + len(question), self._number, 0, _OP_MSG, 0, 0)
        await self.wire.write(head + question)
        told, code = await self.wire.read(self._number, MOST_ANSWERED)
        if code != _OP_MSG or any(told[:5]):
            raise Unexpected
        answer = bson.decode(told[5:])
        if answer["ok"] == 1:
            return answer
        if answer.get("code") == _MAX_TIME_EXPIRED:
            raise ExecutionTimeout(answer.get("errmsg", ""), _MAX_TIME_EXPIRED, answer)
        raise Unexpected


class Lanes:
    """The lanes of a client: opened as they are wanted, one after the other."""

    def __init__(self, client: AsyncMongoClient[Any], most: int) -> None:
        """Open at most so many; with 0 the driver asks everything."""
        self._client = client
        self._most = most
        self._free: list[Lane] = []
        self._held: dict[asyncio.Task[None], asyncio.Future[None]] = {}
        self._opening = False
        self._not_before = float("-inf")

    def find(
        self,
        command: dict[str, Any],
        enough: Callable[[Rows], bool],
        otherwise: Callable[[], Awaitable[Rows]],
    ) -> Awaitable[Rows]:
        """Give what a `find` finds, fewer where `enough` says so of the rows there are."""
        return self._asked(
            command, lambda lane, asked: lane.find(asked, command["find"], enough), otherwise
        )

    def insert(
        self, command: dict[str, Any], otherwise: Callable[[], Awaitable[None]]
    ) -> Awaitable[None]:
        """Keep what an `insert` has; `otherwise` does no harm where it is kept already."""
        return self._asked(command, Lane.insert, otherwise)

    async def _asked(
        self,
        command: dict[str, Any],
        ask: Callable[[Lane, bytes], Awaitable[Told]],
        otherwise: Callable[[], Awaitable[Told]],
    ) -> Told:
        """Give what a lane gives; `otherwise` asks the driver.

        Raises PyMongoError where the database takes longer than `pymongo.timeout` or the client
        gives it, BSONError for what cannot be asked.
        """
        lane = self._at_hand()
        if lane is None:
            return await otherwise()
        left = lane.wire.left()
        if left is not None:
            command["maxTimeMS"] = max(int(left * 1000), 1)
        question = bson.encode(command)
        if len(question) > MOST_ASKED:
            return await otherwise()
        self._free.pop()
        clock = asyncio.get_running_loop().time
        began = clock()
        if left is not None:
            lane.expect((left + GRACE) / PARTS)
        try:
            return await ask(lane, question)
        except ExecutionTimeout:
            raise
        except Exception as error:  # whatever it was, the driver asks again
            self._broken(lane)
            if lane.late:
                raise NetworkTimeout("The database is silent.") from error
        except BaseException:
            lane.end()
            raise
        finally:
            lane.hush()
            if not lane.ended:
                self._free.append(lane)
        with pymongo.timeout(None if left is None else max(left - (clock() - began), 0) + GRACE):
            return await otherwise()

    async def close(self) -> None:
        """Close them all; from now on the driver asks everything.

        What is being opened is not cancelled, which would leave its socket, but ended when it is.
        """
        self._most = 0
        self._free.clear()
        for ended in self._held.values():
            if not ended.done():
                ended.set_result(None)
        await asyncio.gather(*self._held, return_exceptions=True)

    def _at_hand(self) -> Lane | None:
        """Give the last of the free lanes that still leads where it should, or have one opened."""
        while self._free:
            if self._free[-1].wire.current():
                return self._free[-1]
            self._free.pop().end()
        now = asyncio.get_running_loop().time()
        if not self._opening and len(self._held) < self._most and now >= self._not_before:
            self._opening = True
            ended = asyncio.get_running_loop().create_future()
            task = asyncio.create_task(self._hold(ended))
            self._held[task] = ended
            task.add_done_callback(self._held.pop)
        return None

    async def _hold(self, ended: asyncio.Future[None]) -> None:
        """Hold a connection until it is done with."""
        try:
            async with borrowed(self._client) as wire:
                self._opening = False
                if wire is None:
                    self._most = 0
                    return
                if not ended.done():
                    self._free.append(Lane(wire, ended))
                await ended
        except (PyMongoError, OSError):
            self._rest()
        except (AttributeError, TypeError, ValueError):
            self._most = 0
            _LOG.warning("This PyMongo has no lanes; it asks everything itself.")
        finally:
            self._opening = False

    def _broken(self, lane: Lane) -> None:
        """End it, and of those that are free what leads to the same server."""
        free, self._free = self._free, []
        for one in (lane, *free):
            if one.wire.server == lane.wire.server:
                one.end()
            else:
                self._free.append(one)
        self._rest()

    def _rest(self) -> None:
        self._not_before = asyncio.get_running_loop().time() + PAUSE
