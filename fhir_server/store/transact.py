"""One road for writes: a plan is run in a MongoDB transaction, again where others came between.

https://www.mongodb.com/docs/manual/core/transactions/
"""

import asyncio
import hashlib
import random
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import TypeVar

from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import (
    BulkWriteError,
    ConnectionFailure,
    DuplicateKeyError,
    OperationFailure,
    PyMongoError,
)

from fhir_server.fhir.errors import Conflict, TooLarge
from fhir_server.fhir.exchange import FhirResponse
from fhir_server.search.condition import AnyOf, Condition
from fhir_server.search.query import SortKey
from fhir_server.store import (
    commit,
    definitions,
    fields,
    horizon,
    integrity,
    joins,
    matching,
    once,
    purge,
    reads,
    reviews,
    write,
)
from fhir_server.store.audit import Noting
from fhir_server.store.definitions import Definitions
from fhir_server.store.documents import Change, Document, Stored, stored
from fhir_server.store.horizon import Database, Writer
from fhir_server.store.joins import BOUNDS, Bounds, Joins
from fhir_server.store.once import Once
from fhir_server.store.relations import Relations
from fhir_server.store.reviews import Review
from fhir_server.store.steps import Allow
from fhir_server.store.write import decided

_DUPLICATE, _WRITE_CONFLICT = 11000, 112
_SHORT, _LONG = 0.004, 0.25
_TOO_LONG = (
    f"Writing this takes longer than the {horizon.LIFETIME:.0f} s a MongoDB transaction may last. "
    "Nothing was written; send fewer entries at once."
)


@dataclass(frozen=True, slots=True)
class Transaction:
    """What a plan may ask of the database; all of it is from one snapshot."""

    database: Database
    session: AsyncClientSession
    allow: Allow
    bounds: Bounds = BOUNDS
    seen: set[tuple[str, str]] = field(default_factory=set)

    @property
    def _joins(self) -> Joins:
        return Joins(self.database, self.bounds, self.session)

    async def read(self, type_: str, id_: str, step: str = "read") -> Stored | None:
        """Give the current version of a resource; None when it is deleted or never was."""
        found = await self.search(type_, AnyOf("_id", (id_,)), 1, step)
        return found[0] if found else None

    async def search(
        self, type_: str, condition: Condition, limit: int, step: str = "search-type"
    ) -> tuple[Stored, ...]:
        """Give at most `limit` resources the condition holds for, in the order of their ids."""
        allow = decided(self.allow, type_, step)
        page = await reads.search(
            self._joins, allow, type_, condition, sort=[SortKey("_id")], limit=limit
        )
        self.seen.update((type_, one.id) for one in page.found)
        return page.found

    async def plain(self, type_: str, condition: Condition) -> Condition:
        """Give the condition with its joins answered; Unprocessable where they are too many.

        Each join is narrowed already to what the caller may see.
        """
        return await joins.plain(self._joins, type_, condition)

    async def matching(
        self, type_: str, conditions: Iterable[Condition], most: int
    ) -> Mapping[Condition, Sequence[str]]:
        """Give by condition the ids of up to `most` it holds for, in one query where it can be."""
        allow = decided(self.allow, type_, "search-type")
        found = await matching.matching(
            self.database, self.session, allow, type_, conditions, most=most
        )
        self.seen.update((type_, id_) for ids in found.values() for id_ in ids)
        return found

    async def last_version(self, type_: str, id_: str, step: str = "read") -> Stored | None:
        """Give the current version of a resource or its tombstone, with no body of either."""
        change = Change(type_, id_, "update")
        rows = await write.before(self.database, self.session, [change], careful=True)
        seen = (row for row in rows.values() if write.may(self.allow, type_, row, step))
        return next((stored(type_, row | {"body": None}) for row in seen), None)

    async def fields(
        self, allow: Condition, type_: str, condition: Condition, names: Sequence[str], limit: int
    ) -> dict[str, Document]:
        """Give by id the named index fields of at most `limit` resources: see `fields.fields`."""
        return await fields.fields(self._joins, allow, type_, condition, names, limit=limit)

    async def definitions(self, limit: int) -> list[Document]:
        """Give at most `limit` active SearchParameters, whoever may see them."""
        return await definitions.active(self.database, self.session, limit)

    async def deleted(self, condition: Condition, limit: int) -> list[tuple[str, str]]:
        """Give (type, id) of at most `limit` deleted resources the condition holds for."""
        rows = await purge.tombstones(self.database, self.session, condition, limit)
        return [
            (row["type"], row["id"])
            for row in rows
            if write.may(self.allow, row["type"], row, "delete")
        ]

    async def judge(self, changes: Sequence[Change]) -> None:
        """Raise what committing these changes would raise; nothing is written."""
        await commit.judged(
            self.database, self.session, self.allow, changes, self.seen, careful=True
        )
        await integrity.not_needed(self.database, self.allow, changes, changes)

    async def review(self, review: Review) -> None:
        """Put what was done into the queue of those a person looks at: see `reviews`."""
        await reviews.add(self.database, self.session, review)

    async def lock(self, key: str) -> None:
        """Make two transactions that lock the same key conflict, so that one is run again.

        Look first, lock only when about to create what was not found (docs/adr/0014-locks.md).
        """
        name = hashlib.sha256(key.encode()).hexdigest()
        taken = {"$inc": {"n": 1}, "$currentDate": {"at": True}}
        await self.database.locks.update_one(
            {"_id": name}, taken, upsert=True, session=self.session
        )


Plan = Callable[[Transaction], Awaitable[Sequence[Change]]]
# What was made, in the order of the changes, and the session that sees it → the answer.
Finish = Callable[[Sequence[Stored], AsyncClientSession], Awaitable[FhirResponse]]
Result = TypeVar("Result")
# One attempt: the session of its transaction, and how many attempts came before.
Attempt = Callable[[AsyncClientSession, int], Awaitable[Result]]


async def transact(
    database: Database,
    writer: Writer,
    allow: Allow,
    plan: Plan,
    *,
    known: Definitions,
    relations: Relations,
    patience: float,
    bounds: Bounds = BOUNDS,
    noting: Noting | None = None,
) -> list[Stored]:
    """Run the plan and commit its changes, all or none; give the versions made, in their order.

    The plan may be run several times, within `patience` seconds. Raises what the plan raises,
    PreconditionFailed, NotFound, Forbidden, Invalid, Unprocessable; Conflict when others always
    came between; TooLarge for more than a transaction has time for; Unavailable when the database
    does not answer, and the outcome may be unknown.
    """

    async def attempt(session: AsyncClientSession, before: int) -> list[Stored]:
        transaction = Transaction(database, session, allow, bounds)
        road = commit.Road(database, writer, session, allow, known, relations, noting)
        changes = await plan(transaction)
        return await road.commit(changes, transaction.seen, _told, careful=before > 0)

    return await _retried(database, writer, allow, attempt, patience)


async def answer(
    database: Database,
    writer: Writer,
    allow: Allow,
    plan: Plan,
    *,
    finish: Finish,
    known: Definitions,
    relations: Relations,
    unique: Once | None,
    patience: float,
    bounds: Bounds = BOUNDS,
    noting: Noting | None = None,
) -> FhirResponse:
    """Do as `transact` and give what `finish` answers, inside the transaction, before the commit.

    What `finish` raises leaves nothing written. With `unique` the answer is committed too, and a
    request that was done before is answered by it, without running the plan.
    """

    async def attempt(session: AsyncClientSession, before: int) -> FhirResponse:
        if unique and (before_it := await once.remembered(database, session, unique)):
            return before_it
        transaction = Transaction(database, session, allow, bounds)
        always = unique is not None
        road = commit.Road(
            database, writer, session, allow, known, relations, noting, always=always
        )
        changes = await plan(transaction)

        async def last(made: Sequence[Stored]) -> FhirResponse:
            response = await finish(made, session)
            if unique:
                await once.remember(database, session, unique, response)
            return response

        return await road.commit(changes, transaction.seen, last, careful=before > 0)

    return await _retried(database, writer, allow, attempt, patience)


async def _told(made: Sequence[Stored]) -> list[Stored]:
    return list(made)


async def _retried(
    database: Database,
    writer: Writer,
    allow: Allow,
    attempt: Attempt[Result],
    patience: float,
) -> Result:
    if allow is None:
        raise TypeError("The store writes nothing without an access decision.")
    clock = asyncio.get_running_loop().time
    began = clock()
    for number in count():
        opened = clock()
        try:
            async with commit.transaction(database, writer) as session:
                return await attempt(session, number)
        except PyMongoError as error:
            if clock() - opened >= horizon.LIFETIME and not error.has_error_label(commit.UNKNOWN):
                raise TooLarge(_TOO_LONG, code="too-costly") from error
            if not _again(error, number, clock() - began):
                raise
            pause = min(_LONG, _SHORT * 2**number) * random.uniform(0.5, 1.5)  # noqa: S311 - jitter
            if clock() + pause > began + patience:
                raise Conflict("Other writes to the same resources always came between.") from error
            await asyncio.sleep(pause)
    raise AssertionError


def _again(error: PyMongoError, attempt: int, spent: float) -> bool:
    match error:
        case ConnectionFailure():
            # An election ends connections at once, and is mostly over within a server selection.
            return attempt == 0 and spent < _LONG and _transient(error)
        case DuplicateKeyError():
            return True
        case BulkWriteError():
            codes = {row["code"] for row in (error.details or {}).get("writeErrors", ())}
            return bool(codes & {_DUPLICATE, _WRITE_CONFLICT}) or _transient(error)
        case OperationFailure(code=112):
            return True
        case _:
            return _transient(error)


def _transient(error: PyMongoError) -> bool:
    return error.has_error_label("TransientTransactionError")
