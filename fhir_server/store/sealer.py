"""Seals the AuditEvents of one base; of all its processes one at a time does it, under a lease."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from uuid import uuid4

from pymongo.errors import DuplicateKeyError, OperationFailure

from fhir_server.store import placing
from fhir_server.store.client import reachable
from fhir_server.store.documents import Document, portions
from fhir_server.store.horizon import Database
from fhir_server.store.seals import (
    CHECKPOINTS,
    MOST,
    SEALS,
    WAITING,
    Checkpoint,
    Seal,
)
from fhir_server.store.signing import Signer, Waiting

LEASE = timedelta(seconds=10)
_LEASE = "audit-sealer"


class Sealer:
    """Raises Unavailable where the database does not answer, ValueError for a head that is none.

    Two that seal at once do no harm: only one of them gets the next number.
    """

    def __init__(self, database: Database, signer: Signer) -> None:
        """Nothing is sent yet."""
        self._database = database
        self._signer = signer
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
        """Seal the first events that wait; give how many, 0 too where another was faster."""
        with reachable():
            lists = await self._waiting()
            if not lists:
                return 0
            named = await placing.put(self._database, self._signer, lists)
            events = [one for of_one in named for one in of_one]
            last = await self._last()
            # Until it is known how this one ends, whoever goes on asks anew.
            self._head = None
            new = Seal(last.number + 1, events, last.mac, last.total + len(events))
            new = new.signed(self._signer.key)
            try:
                kept = await self._keep(new, lists)
            except OperationFailure as error:
                if not error.has_error_label("TransientTransactionError"):
                    raise
                kept = False
        if not kept:
            return 0
        self._head = new
        return len(events)

    async def checkpoint(self, at: int) -> Checkpoint | None:
        """Sign and keep what the last seal is; None where nothing was sealed since."""
        with reachable():
            last = await self._last()
            if last.number == self._told:
                return None
            made = Checkpoint(last.number, last.total, last.mac.hex(), at).signed(self._signer.key)
            await self._database[CHECKPOINTS].update_one(
                {"_id": last.number}, {"$setOnInsert": asdict(made)}, upsert=True
            )
        self._told = last.number
        return made

    async def _waiting(self) -> list[Waiting]:
        """Give the first lists, with as many events as go in one seal."""
        lists: list[Waiting] = []
        number = 0
        async for row in self._database[WAITING].find({}, sort=[("_id", 1)]):
            lists.append(self._signer.read(row))
            number += len(lists[-1].facts) + len(lists[-1].events)
            if number >= MOST:
                break
        return lists

    async def _keep(self, new: Seal, lists: Sequence[Waiting]) -> bool:
        """Put the seal in the place of the lists; False where another sealed meanwhile."""
        ids = [one.id for one in lists]
        async with (
            self._database.client.start_session() as session,
            await session.start_transaction(),
        ):
            try:
                await self._database[SEALS].insert_one(new.document(), session=session)
            except DuplicateKeyError:
                await session.abort_transaction()
                return False
            taken = 0
            for some in portions(ids):
                asked = {"_id": {"$in": some}}
                done = await self._database[WAITING].delete_many(asked, session=session)
                taken += done.deleted_count
            if taken < len(ids):
                await session.abort_transaction()
        return taken == len(ids)

    async def _last(self) -> Seal:
        if self._head is None:
            row = await self._database[SEALS].find_one({}, sort=[("_id", -1)])
            self._head = Seal.read(row) if row else Seal()
        return self._head
