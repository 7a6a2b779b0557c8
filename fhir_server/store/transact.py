"""One road for writes: a plan is run in a MongoDB transaction, again where others came between.

https://www.mongodb.com/docs/manual/core/transactions/
"""

import asyncio
import hashlib
import random
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from pymongo import UpdateOne
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import (
    BulkWriteError,
    ConnectionFailure,
    DuplicateKeyError,
    OperationFailure,
    PyMongoError,
)

from fhir_server.fhir.errors import Conflict, TooLarge
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
from fhir_server.store.commit import Road
from fhir_server.store.documents import Change, Document, Stored, stored
from fhir_server.store.horizon import Database
from fhir_server.store.joins import BOUNDS, Bounds, Joins
from fhir_server.store.once import Once
from fhir_server.store.part import Part
from fhir_server.store.reviews import Review
from fhir_server.store.steps import Allow
from fhir_server.store.veil import Veil, check_read
from fhir_server.store.write import decided

_DUPLICATE, _WRITE_CONFLICT = 11000, 112
_SHORT, _LONG = 0.004, 0.25
# So soon a connection that breaks is tried again: with the time of an operation it is told in 5 s.
_SOON = 0.75
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
    veil: Veil | None = None

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
            self._joins, allow, type_, self._asked(condition), sort=[SortKey("_id")], limit=limit
        )
        self.seen.update((type_, one.id) for one in page.found)
        return tuple(await self.veil.all_opened(page.found)) if self.veil else page.found

    async def plain(self, type_: str, condition: Condition) -> Condition:
        """Give the condition with its joins answered; Unprocessable where they are too many.

        Each join is narrowed already to what the caller may see.
        """
        self._asked(condition)
        return await joins.plain(self._joins, type_, condition)

    async def matching(
        self, type_: str, conditions: Iterable[Condition], most: int
    ) -> Mapping[Condition, Sequence[str]]:
        """Give by condition the ids of up to `most` it holds for, in one query where it can be."""
        allow = decided(self.allow, type_, "search-type")
        asked = {condition: self._asked(condition) for condition in conditions}
        found = await matching.matching(
            self.database, self.session, allow, type_, asked.values(), most=most
        )
        self.seen.update((type_, id_) for ids in found.values() for id_ in ids)
        return {condition: found[hidden] for condition, hidden in asked.items()}

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
        if self.veil:
            check_read(f"x.{name}" for name in names)
        asked = self._asked(condition), names
        return await fields.fields(self._joins, self._asked(allow), type_, *asked, limit=limit)

    async def definitions(self, limit: int) -> list[Document]:
        """Give at most `limit` active SearchParameters, whoever may see them."""
        return await definitions.active(self.database, self.session, limit)

    async def deleted(self, condition: Condition, limit: int) -> list[tuple[str, str]]:
        """Give (type, id) of at most `limit` deleted resources the condition holds for."""
        asked = self._asked(condition)
        rows = await purge.tombstones(self.database, self.session, asked, limit)
        return [
            (row["type"], row["id"])
            for row in rows
            if write.may(self.allow, row["type"], row, "delete")
        ]

    async def judge(self, changes: Sequence[Change]) -> None:
        """Raise what committing these changes would raise; nothing is written."""
        part = Part(self.allow, changes=changes, seen=self.seen)
        await commit.judged(self.database, self.session, [part], careful=True)
        told(part)
        await integrity.not_needed(self.database, self.allow, changes, changes)

    async def review(self, review: Review) -> None:
        """Put what was done into the queue of those a person looks at: see `reviews`."""
        await reviews.add(self.database, self.session, review)

    async def lock(self, *keys: str) -> None:
        """Make two transactions that lock a key in common conflict, so that one is run again.

        Look first, lock only when about to create what was not found (docs/adr/0014-locks.md).
        """
        taken = {"$inc": {"n": 1}, "$currentDate": {"at": True}}
        locks = [UpdateOne({"_id": self._name(key)}, taken, upsert=True) for key in keys]
        if locks:
            await self.database.locks.bulk_write(locks, session=self.session)

    def _name(self, key: str) -> str:
        hidden = self.veil.blind("lock", key.encode()) if self.veil else key.encode()
        return hashlib.sha256(hidden).hexdigest()

    def _asked(self, condition: Condition) -> Condition:
        return self.veil.asked(condition) if self.veil else condition


Plan = Callable[[Transaction], Awaitable[Sequence[Change]]]
# What was made, in the order of the changes, and the session that sees it → the result.
Finish = Callable[[Sequence[Stored], AsyncClientSession], Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class Errand:
    """What one request asks to be written, and how it is answered and noted.

    `finish` is asked inside the transaction, before the commit; what it raises leaves nothing
    written. With `unique` its answer is committed too, and a request that was done before is
    answered by it, without running the plan.
    """

    allow: Allow
    plan: Plan
    finish: Finish
    noting: Noting | None = None
    unique: Once | None = None

    def __post_init__(self) -> None:
        """Raise TypeError where nobody has decided."""
        if self.allow is None:
            raise TypeError("The store writes nothing without an access decision.")


async def alone(road: Road, errand: Errand, before: int = 0) -> Any:
    """Run the plan and commit its changes, all or none; give what `finish` gives.

    The plan may be run several times, within the road's patience; `before`: so often it was.
    Raises what the plan raises, PreconditionFailed, NotFound, Forbidden, Invalid, Unprocessable;
    Conflict when others always came between; TooLarge for more than a transaction has time for;
    Unavailable when the database does not answer, and the outcome may be unknown.
    """
    clock = asyncio.get_running_loop().time
    began = clock()
    for number in count(before):
        opened = clock()
        try:
            [part] = await attempt(road, [errand], careful=number > 0)
        except PyMongoError as error:
            if clock() - opened >= horizon.LIFETIME and not error.has_error_label(commit.UNKNOWN):
                raise TooLarge(_TOO_LONG, code="too-costly") from error
            if not again(error, number, clock() - began):
                raise
            pause = min(_LONG, _SHORT * 2**number) * random.uniform(0.5, 1.5)  # noqa: S311 - jitter
            if clock() + pause > began + road.patience:
                raise Conflict("Other writes to the same resources always came between.") from error
            await asyncio.sleep(pause)
        else:
            return told(part)
    raise AssertionError


async def as_made(made: Sequence[Stored], _: AsyncClientSession) -> list[Stored]:
    """Finish with the versions made."""
    return list(made)


def told(part: Part) -> Any:
    """Give what came of a part; raise what refused it."""
    if part.failure:
        raise part.failure
    return part.result


async def attempt(road: Road, errands: Sequence[Errand], *, careful: bool) -> Sequence[Part]:
    """Run errands that change no resource in common in one transaction, each refused by itself.

    Raises what stops them all; `careful` as in `Road.commit`.
    """
    async with commit.transaction(road.database, road.writer) as session:
        parts = [await _planned(road, session, errand) for errand in errands]
        await road.commit(session, parts, careful=careful)
    return parts


async def _planned(road: Road, session: AsyncClientSession, errand: Errand) -> Part:
    unique, database = errand.unique, road.database

    async def last(made: Sequence[Stored]) -> Any:
        result = await errand.finish(made, session)
        if unique:
            await once.remember(database, session, unique, result, road.veil)
        return result

    part = Part(errand.allow, errand.noting, always=unique is not None, last=last)
    with part.judging():
        if unique and (kept := await once.remembered(database, session, unique, road.veil)):
            part.result, part.done = kept, True
            return part
        transaction = Transaction(database, session, errand.allow, road.bounds, veil=road.veil)
        part.changes = await errand.plan(transaction)
        part.seen = transaction.seen
    return part


def again(error: PyMongoError, attempt: int, spent: float) -> bool:
    """Say whether to try once more, after so many attempts and seconds."""
    match error:
        case ConnectionFailure():
            # An election ends connections at once, and is mostly over within a server selection.
            # So does the driver, half a second into an operation, where a heartbeat was late.
            return attempt == 0 and spent < _SOON and _transient(error)
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
