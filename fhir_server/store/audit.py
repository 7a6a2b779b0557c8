"""AuditEvents on their way to the database, and who they say was looked at.

A write's events go in the write's own transaction, so that neither is without the other. The
events of reads go in groups (store/together). What they tell is written in signed lists in which it
waits; `store/sealer` makes the events of it, puts them in their place and chains them.
"""

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import Protocol, Self, TypeVar

import pymongo
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import DuplicateKeyError

from fhir_server.fhir.audit_event import TYPE, Fact
from fhir_server.fhir.errors import MethodNotAllowed
from fhir_server.store import placing
from fhir_server.store.client import reachable
from fhir_server.store.documents import Change, Document, Stored
from fhir_server.store.horizon import Database
from fhir_server.store.keeping import keep
from fhir_server.store.seals import WAITING
from fhir_server.store.signing import Signer
from fhir_server.store.together import Together

# Seconds a dead database may cost.
_PATIENT = 3.5
Some = TypeVar("Some", bound=Iterable[Stored])
_PROJECTED = {"_id": 0, "x._patient": 1}

# Makes what events are made of.
Facts = Callable[[], Sequence[Fact]]


class Witness(Protocol):
    """What sees, for one request, which resources left the store."""

    def saw(self, found: Iterable[Stored | None]) -> None:
        """Take note of resources that are told to the caller; None is a miss."""

    def again(self) -> Self:
        """Give a witness for one attempt at a transaction, which may come to nothing."""

    def events(self, made: Sequence[Stored]) -> list[Fact]:
        """Give the events of what was seen and of the versions made."""


class Audit:
    """The events of one base; raises Unavailable where the database does not take them."""

    def __init__(self, database: Database, signer: Signer) -> None:
        """Nothing is sent yet."""
        self.signer = signer
        self._database = database
        self._together = Together(self._insert)

    async def write(self, facts: Facts, session: AsyncClientSession | None = None) -> None:
        """Keep the facts this makes: in the transaction, or before this returns."""
        with reachable():
            if session:
                if lists := [*self.signer.lists(facts())]:
                    await self._database[WAITING].insert_many(lists, session=session)
                return
            await self._together.put(facts)

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

    async def place(self) -> None:
        """Put the events of what waits where they can be asked for."""
        with reachable():
            await placing.place(self._database, self.signer)

    async def _insert(self, facts: Sequence[Fact]) -> None:
        with pymongo.timeout(_PATIENT):
            for row in self.signer.lists(facts):
                await keep(self._database, WAITING, [row], partial(self._again, row))

    async def _again(self, row: Document) -> None:
        with suppress(DuplicateKeyError):
            await self._database[WAITING].insert_one(row)


# The versions made → what makes the events of a transaction, to be kept in it.
Note = Callable[[Sequence[Stored]], Facts]


@dataclass(frozen=True, slots=True)
class Noting:
    """How a commit is written down: who signs, and what notes it in the same transaction.

    Without `note` nothing is noted.
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

    def events(self, made: Sequence[Stored]) -> Facts:
        """Give what makes the events of what the witness saw and of the versions made."""
        return partial(self.witness.events, made) if self.witness else tuple

    async def write(self, facts: Facts, session: AsyncClientSession | None) -> None:
        """Keep the facts this makes, where there is audit."""
        if self.audit:
            await self.audit.write(facts, session)

    @asynccontextmanager
    async def placed(self) -> AsyncIterator[None]:
        """Have the events that wait put where they can be asked for."""
        if self.audit:
            await self.audit.place()
        yield

    def noting(self, note: Note) -> Noting | None:
        """Give how a commit is written down."""
        return Noting(self.audit, note if self.witness else None) if self.audit else None


def refuse(changes: Iterable[Change]) -> None:
    """Raise MethodNotAllowed for a change of what was written down: it stands for good."""
    for change in changes:
        if change.type == TYPE and change.method != "create":
            told = "An AuditEvent is never changed and never deleted."
            raise MethodNotAllowed(told, expression=change.place, headers=[("Allow", "GET")])
