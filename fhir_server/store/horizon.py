"""The safe horizon: how a reader follows the commits of several writers and never misses one.

Each writer promises in `writers` that it commits nothing below `low` any more; what lies below
the lowest promise of the living is complete (docs/adr/0012-commit-order.md).
"""

import asyncio
import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import uuid4

from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import PyMongoError

from fhir_server.store.clock import Clock
from fhir_server.store.documents import Method

Database = AsyncDatabase[dict[str, Any]]

BUSY, IDLE = 0.2, 1.0
LEASE = timedelta(seconds=120)
# A server ends a transaction that is not committed after 60 s (transactionLifetimeLimitSeconds).
LIFETIME = 60.0
FRESH_BEAT = 30.0
OLDEST_BEAT = 60.0
IN_DOUBT = 90.0


@dataclass(frozen=True, slots=True)
class Commit:
    """One transaction: its ts, who wrote it, and what it changed as (type, id, version, method)."""

    ts: int
    writer: str
    changes: tuple[tuple[str, str, int, Method], ...]


class Writer:
    """A process that writes to one database: its stamps in flight and the promise they allow."""

    def __init__(self, database: Database, clock: Clock) -> None:
        """Nothing is sent before `begin`."""
        self.name = uuid4().hex
        self._database = database
        self._clock = clock
        self._in_flight: dict[int, float] = {}
        self._beaten = float("-inf")
        self._registering = asyncio.Lock()
        self._committed = asyncio.Event()
        self._heart: asyncio.Task[None] | None = None

    async def begin(self) -> None:
        """Make sure the promise is fresh enough to commit under; PyMongoError when it cannot be."""
        if self._age() < FRESH_BEAT:
            return
        async with self._registering:
            if self._age() >= FRESH_BEAT:
                await self._promise(0)
                self._clock.observe(await _floor(self._database))
                await self._promise(self._low())
        if self._heart is None:
            self._heart = asyncio.create_task(self._beat())

    def stamp(self, after: int) -> int:
        """Give a new stamp, later than `after`, that holds the promise back until `done`."""
        self._clock.observe(after)
        ts = self._clock.tick()
        self._in_flight[ts] = asyncio.get_running_loop().time()
        return ts

    def check(self, ts: int) -> None:
        """Raise a transient PyMongoError when stamp or lease is too old to commit under."""
        age = asyncio.get_running_loop().time() - self._in_flight[ts]
        if age >= LIFETIME or self._age() >= OLDEST_BEAT:
            raise PyMongoError("The stamp is too old.", ["TransientTransactionError"])

    def done(self, ts: int) -> None:
        """Let the promise pass this stamp: it is committed, or never will be."""
        self._in_flight.pop(ts, None)
        self._committed.set()

    def doubt(self, ts: int) -> None:
        """Hold the promise back for as long as the server may still commit this stamp."""
        asyncio.get_running_loop().call_later(IN_DOUBT, self.done, ts)

    async def close(self) -> None:
        """Give the lease back; a stamp in doubt keeps it until it expires."""
        if self._heart is None:
            return
        heart, self._heart = self._heart, None
        while not heart.done():
            # Python 3.11 may lose a cancellation that meets a result (asyncio.wait_for).
            heart.cancel()
            await asyncio.wait([heart], timeout=IDLE)
        if not self._in_flight:
            with contextlib.suppress(PyMongoError):
                low = self._low()
                await self._database.writers.update_one(
                    {"_id": self.name}, {"$set": {"low": low, "closed": True}}
                )

    def _age(self) -> float:
        return asyncio.get_running_loop().time() - self._beaten

    def _low(self) -> int:
        return min(self._in_flight, default=None) or self._clock.tick()

    async def _promise(self, low: int) -> None:
        sent = asyncio.get_running_loop().time()
        await self._database.writers.update_one(
            {"_id": self.name},
            {"$set": {"low": low}, "$unset": {"closed": ""}, "$currentDate": {"at": True}},
            upsert=True,
        )
        if low:
            self._beaten = sent

    async def _beat(self) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(IDLE):
                    await self._committed.wait()
            self._committed.clear()
            await self._renew()
            await asyncio.sleep(BUSY)

    async def _renew(self) -> None:
        # A lease that may have run out is not renewed: `begin` puts the clock right first.
        if self._age() < OLDEST_BEAT:
            with contextlib.suppress(PyMongoError):
                await self._promise(self._low())


async def follow(database: Database, after: int, limit: int) -> tuple[Sequence[Commit], int]:
    """Give the commits with `after` < ts < horizon in order, at most `limit`, and the horizon.

    A reader that asks again with the last ts it was given misses none and goes never backwards.
    """
    # The order of the three reads matters: what was seen first is complete by the last.
    latest = await _latest(database)
    lows = await _promises(database)
    horizon = min(lows, default=latest + 1)
    between = {"_id": {"$gt": after, "$lt": horizon}}
    rows = await database.commits.find(between).sort("_id", 1).limit(limit).to_list()
    return [_commit(row) for row in rows], horizon


def _commit(row: dict[str, Any]) -> Commit:
    return Commit(int(row["_id"]), row["w"], tuple(tuple(change) for change in row["c"]))


async def _floor(database: Database) -> int:
    lows = [int(row["low"]) async for row in database.writers.find({}, {"low": 1})]
    return max([*lows, await _latest(database)])


async def _latest(database: Database) -> int:
    row = await database.commits.find_one({}, {"_id": 1}, sort=[("_id", -1)])
    return int(row["_id"]) if row else 0


async def _promises(database: Database) -> list[int]:
    rows = await database.writers.aggregate([{"$set": {"now": "$$NOW"}}])
    return [
        row["low"] async for row in rows if not row.get("closed") and row["now"] - row["at"] < LEASE
    ]
