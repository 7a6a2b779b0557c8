"""AuditEvents on their way to the database, and who they say was looked at.

A write's events go in the write's own transaction, so that neither is without the other. The
events of reads go in groups: one insert is under way at a time, and who comes meanwhile joins the
next. Each event is signed as it is made; `store/seals` then chains them.
"""

import asyncio
import hmac
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol, Self, TypeVar

from pymongo.asynchronous.client_session import AsyncClientSession

from fhir_server.fhir.audit_event import TYPE
from fhir_server.fhir.errors import MethodNotAllowed
from fhir_server.store.client import reachable
from fhir_server.store.documents import Change, Document, Stored
from fhir_server.store.horizon import Database

MOST = 1000
UNSEALED = 0
Some = TypeVar("Some", bound=Iterable[Stored])
_PROJECTED = {"_id": 0, "x._patient": 1}


class Witness(Protocol):
    """What sees, for one request, which resources left the store."""

    def saw(self, found: Iterable[Stored | None]) -> None:
        """Take note of resources that are told to the caller; None is a miss."""

    def again(self) -> Self:
        """Give a witness for one attempt at a transaction, which may come to nothing."""

    def events(self, made: Sequence[Stored]) -> list[Document]:
        """Give the events of what was seen and of the versions made."""


def mac(key: bytes, body: bytes) -> bytes:
    """Give what shows that an event was made by a holder of the key, and is as it was made."""
    made = _begun(key).copy()
    made.update(body)
    return made.digest()


@lru_cache(maxsize=8)
def _begun(key: bytes) -> hmac.HMAC:
    """Give what every event's signature begins with: half of what each costs."""
    return hmac.new(key, b"event\0", "sha256")


class Audit:
    """The events of one base; raises Unavailable where the database does not take them."""

    def __init__(self, database: Database, key: bytes) -> None:
        """Nothing is sent yet."""
        self.key = key
        self._database = database
        self._waiting: list[tuple[Sequence[Document], asyncio.Future[None]]] = []
        self._sending: asyncio.Task[None] | None = None

    def marks(self, body: bytes) -> Document:
        """Give what stands beside an AuditEvent of this body: its signature, and no seal yet."""
        return {"mac": mac(self.key, body), "seal": UNSEALED}

    async def write(
        self, documents: Sequence[Document], session: AsyncClientSession | None = None
    ) -> None:
        """Keep events that have their marks: in the transaction, or before this returns."""
        if not documents:
            return
        with reachable():
            if session:
                await self._database[TYPE].insert_many(documents, session=session)
                return
            kept: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.append((documents, kept))
            if self._sending is None:
                self._sending = asyncio.create_task(self._drain())
            await kept

    async def patients(self, type_: str, ids: Sequence[str]) -> set[str]:
        """Give whose records these resources are, living or deleted; for the audit alone.

        What was never here takes the same road as what is hidden.
        """
        with reachable():
            live = self._database[type_].find({"_id": {"$in": ids}}, _PROJECTED)
            names = [f"{type_}/{id_}" for id_ in ids]
            gone = self._database.tombstones.find({"_id": {"$in": names}}, _PROJECTED)
            rows = [*await live.to_list(), *await gone.to_list()]
        return {one for row in rows for one in row.get("x", {}).get("_patient", ())}

    async def _drain(self) -> None:
        try:
            while self._waiting:
                await self._send(self._taken())
        finally:
            self._sending = None

    def _taken(self) -> list[tuple[Sequence[Document], asyncio.Future[None]]]:
        """Take those that came first, as many as go in one insert, and at least one."""
        taken, size = [self._waiting.pop(0)], 0
        size = len(taken[0][0])
        while self._waiting and size + len(self._waiting[0][0]) <= MOST:
            taken.append(self._waiting.pop(0))
            size += len(taken[-1][0])
        return taken

    async def _send(self, group: list[tuple[Sequence[Document], asyncio.Future[None]]]) -> None:
        documents = [one for some, _ in group for one in some]
        try:
            await self._database[TYPE].insert_many(documents, ordered=False)
        except Exception as error:  # noqa: BLE001 - it belongs to those who wait, not to this task
            for _, kept in group:
                if not kept.done():
                    kept.set_exception(error)
            return
        for _, kept in group:
            if not kept.done():
                kept.set_result(None)


# Notes the versions made, in the session that made them.
Note = Callable[[Sequence[Stored], AsyncClientSession], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Noting:
    """How a commit is written down: who signs, and what notes it in the same transaction.

    `note` gets the versions made and the session; without it nothing is noted.
    """

    audit: Audit
    note: Note | None = None


@dataclass(frozen=True, slots=True)
class Watch:
    """What a store does about audit: signs events where there is `audit`, notes with a witness."""

    audit: Audit | None = None
    witness: Witness | None = None

    def one(self, found: Stored | None) -> Stored | None:
        """Show one resource to the witness, and give it."""
        if self.witness:
            self.witness.saw([found])
        return found

    def all(self, found: Some) -> Some:
        """Show resources to the witness, and give them."""
        if self.witness:
            self.witness.saw(found)
        return found

    def again(self) -> "Watch":
        """Give what watches one attempt at a transaction."""
        return Watch(self.audit, self.witness.again()) if self.witness else self

    async def note(self, made: Sequence[Stored], session: AsyncClientSession | None) -> None:
        """Keep the events of what the witness saw and of the versions made."""
        if self.audit and self.witness:
            await self.audit.write(self.witness.events(made), session)

    def noting(self, note: Note) -> Noting | None:
        """Give how a commit is written down."""
        return Noting(self.audit, note if self.witness else None) if self.audit else None


def refuse(changes: Iterable[Change]) -> None:
    """Raise MethodNotAllowed for a change of what was written down: it stands for good."""
    for change in changes:
        if change.type == TYPE and change.method != "create":
            told = "An AuditEvent is never changed and never deleted."
            raise MethodNotAllowed(told, expression=change.place, headers=[("Allow", "GET")])
