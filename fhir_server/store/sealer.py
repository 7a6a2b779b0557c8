"""Seals the AuditEvents of one base; of all its processes one at a time does it, under a lease."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import DuplicateKeyError

from fhir_server.fhir.audit_event import TYPE
from fhir_server.store.audit import UNSEALED
from fhir_server.store.client import reachable
from fhir_server.store.documents import Document, portions
from fhir_server.store.horizon import Database
from fhir_server.store.seals import CHECKPOINTS, SEALS, Checkpoint, Seal

MOST = 1000
LEASE = timedelta(seconds=10)
_LEASE = "audit-sealer"
_ORDER = [("ts", 1), ("_id", 1)]


class Sealer:
    """Raises Unavailable where the database does not answer, ValueError for a head that is none.

    Two that seal at once do no harm: only one of them gets the next number.
    """

    def __init__(self, database: Database, key: bytes) -> None:
        """Nothing is sent yet."""
        self._database = database
        self._key = key
        self._name = uuid4().hex
        # Kept while this process seals: a seal taken away behind it leaves a hole.
        self._head: Seal | None = None
        self._told = 0

    async def lead(self) -> bool:
        """Take the lease, or prolong it; False while another process has it."""
        locks, now = self._database.locks, {"$currentDate": {"at": True}}
        mine: Document = {"_id": _LEASE, "holder": self._name}
        with reachable():
            if (await locks.update_one(mine, now)).matched_count:
                return True
            self._head = None
            clock: datetime = (await self._database.command("hello"))["localTime"]
            late = {"_id": _LEASE, "at": {"$lt": clock - LEASE}}
            taken = {"$set": {"holder": self._name}, **now}
            if (await locks.update_one(late, taken)).matched_count:
                return True
            try:
                await locks.insert_one(mine | {"at": clock})
            except DuplicateKeyError:
                return False
        return True

    async def seal(self) -> int:
        """Seal the first events that are not; give how many, 0 too where another was faster."""
        with reachable():
            waiting = self._database[TYPE].find(
                {"seal": UNSEALED}, {"mac": 1}, sort=_ORDER, limit=MOST
            )
            rows = await waiting.to_list()
            if not rows:
                return 0
            last = await self._last()
            events = [(str(row["_id"]), _signature(row)) for row in rows]
            new = Seal(last.number + 1, events, last.mac, last.total + len(rows)).signed(self._key)
            try:
                async with (
                    self._database.client.start_session() as session,
                    await session.start_transaction(),
                ):
                    await self._database[SEALS].insert_one(new.document(), session=session)
                    await self._mark(new.number, [row["_id"] for row in rows], session)
            except DuplicateKeyError:
                self._head = None
                return 0
        self._head = new
        return len(rows)

    async def checkpoint(self, at: int) -> Checkpoint | None:
        """Sign and keep what the last seal is; None where nothing was sealed since."""
        with reachable():
            last = await self._last()
            if last.number == self._told:
                return None
            made = Checkpoint(last.number, last.total, last.mac.hex(), at).signed(self._key)
            await self._database[CHECKPOINTS].update_one(
                {"_id": last.number}, {"$setOnInsert": asdict(made)}, upsert=True
            )
        self._told = last.number
        return made

    async def _mark(self, number: int, ids: Sequence[Any], session: AsyncClientSession) -> None:
        for some in portions(ids):
            await self._database[TYPE].update_many(
                {"_id": {"$in": some}}, {"$set": {"seal": number}}, session=session
            )

    async def _last(self) -> Seal:
        if self._head is None:
            row = await self._database[SEALS].find_one({}, sort=[("_id", -1)])
            self._head = Seal.read(row) if row else Seal()
        return self._head


def _signature(row: Document) -> bytes:
    """Give the signature of an event, empty where somebody put in one without."""
    sign = row.get("mac")
    return sign if isinstance(sign, bytes) else b""
