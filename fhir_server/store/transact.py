"""One road for writes: a plan is run in a MongoDB transaction, again where others came between.

https://www.mongodb.com/docs/manual/core/transactions/
"""

import asyncio
import contextlib
import hashlib
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from itertools import count

import pymongo
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import (
    BulkWriteError,
    ConnectionFailure,
    DuplicateKeyError,
    OperationFailure,
    PyMongoError,
)
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from fhir_server.fhir.errors import Conflict
from fhir_server.search.condition import AnyOf, Condition
from fhir_server.search.query import SortKey
from fhir_server.store import fields, hold, purge, reads, write
from fhir_server.store.documents import Change, Document, Stored, stored
from fhir_server.store.horizon import Database, Writer
from fhir_server.store.write import Allow, decided

_DUPLICATE, _WRITE_CONFLICT = 11000, 112
_UNKNOWN = "UnknownTransactionCommitResult"
_SHORT, _LONG = 0.004, 0.25
# Seconds a dead database may cost, and what each change may add to them.
_PATIENT, _EACH = 3.5, 0.01


@dataclass(frozen=True, slots=True)
class Transaction:
    """What a plan may ask of the database; all of it is from one snapshot."""

    database: Database
    session: AsyncClientSession
    allow: Allow

    async def read(self, type_: str, id_: str) -> Stored | None:
        """Give the current version of a resource; None when it is deleted or never was."""
        found = await self.search(type_, AnyOf("_id", (id_,)), 1)
        return found[0] if found else None

    async def search(self, type_: str, condition: Condition, limit: int) -> tuple[Stored, ...]:
        """Give at most `limit` resources the condition holds for, in the order of their ids."""
        allow = decided(self.allow, type_)
        page = await reads.search(
            self.database,
            allow,
            type_,
            condition,
            sort=[SortKey("_id")],
            limit=limit,
            session=self.session,
        )
        return page.found

    async def last_version(self, type_: str, id_: str) -> Stored | None:
        """Give the current version of a resource or its tombstone, with no body of either."""
        decided(self.allow, type_)
        change = Change(type_, id_, "update")
        rows = await write.before(self.database, self.session, [change], careful=True)
        return next((stored(type_, row | {"body": None}) for row in rows.values()), None)

    async def fields(
        self, allow: Condition, type_: str, condition: Condition, names: Sequence[str], limit: int
    ) -> dict[str, Document]:
        """Give by id the named index fields of at most `limit` resources: see `fields.fields`."""
        return await fields.fields(
            self.database, allow, type_, condition, names, limit=limit, session=self.session
        )

    async def deleted(self, condition: Condition, limit: int) -> list[tuple[str, str]]:
        """Give (type, id) of at most `limit` deleted resources the condition holds for."""
        rows = await purge.tombstones(self.database, self.session, condition, limit)
        return [(row["type"], row["id"]) for row in rows if write.may(self.allow, row["type"], row)]

    async def judge(self, changes: Sequence[Change]) -> None:
        """Raise what committing these changes would raise; nothing is written."""
        ordered = write.in_order(changes)
        before = await write.before(self.database, self.session, ordered, careful=True)
        write.judge(self.allow, ordered, before)
        await hold.judge(self.database, self.session, ordered, before)

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


async def transact(
    database: Database, writer: Writer, allow: Allow, plan: Plan, patience: float
) -> list[Stored]:
    """Run the plan and commit its changes, all or none; give the versions made, in their order.

    The plan may be run several times, within `patience` seconds. Raises what the plan raises,
    PreconditionFailed, NotFound, Forbidden, Invalid; Conflict when others always came between;
    Unavailable when the database does not answer, and then the outcome may be unknown.
    """
    if allow is None:
        raise TypeError("The store writes nothing without an access decision.")
    clock = asyncio.get_running_loop().time
    began = clock()
    for attempt in count():
        try:
            return await _once(database, writer, allow, plan, careful=attempt > 0)
        except PyMongoError as error:
            if not _again(error, attempt, clock() - began):
                raise
            pause = min(_LONG, _SHORT * 2**attempt) * random.uniform(0.5, 1.5)  # noqa: S311 - jitter
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


async def _once(
    database: Database, writer: Writer, allow: Allow, plan: Plan, *, careful: bool
) -> list[Stored]:
    await writer.begin()
    async with database.client.start_session() as session:
        await session.start_transaction(ReadConcern("snapshot"), WriteConcern("majority", j=True))
        try:
            changes = await plan(Transaction(database, session, allow))
            return await _commit(database, writer, session, allow, changes, careful=careful)
        finally:
            if session.in_transaction:
                await _abort(session)


async def _commit(
    database: Database,
    writer: Writer,
    session: AsyncClientSession,
    allow: Allow,
    changes: Sequence[Change],
    *,
    careful: bool,
) -> list[Stored]:
    ordered = write.in_order(changes)
    before = await write.before(database, session, ordered, careful=careful)
    write.judge(allow, ordered, before)
    await hold.judge(database, session, ordered, before)
    ts = writer.stamp(after=max((old["ts"] for old in before.values()), default=0))
    known = True
    try:
        writes, made = write.documents(allow, ordered, before, ts)
        if writes:
            with pymongo.timeout(_PATIENT + _EACH * len(ordered)):
                await write.send(database, session, writes)
                await database.commits.insert_one(_feed(writer, ts, made), session=session)
            writer.check(ts)
            await _finish(session)
    except PyMongoError as error:
        known = not error.has_error_label(_UNKNOWN)
        raise
    finally:
        (writer.done if known else writer.doubt)(ts)
    versions = {(one.type, one.id): one for one in made}
    return [versions[change.type, change.id] for change in changes]


def _feed(writer: Writer, ts: int, made: Sequence[Stored]) -> Document:
    changes = [[one.type, one.id, one.version, one.method] for one in made if one.ts == ts]
    return {"_id": ts, "w": writer.name, "c": changes}


async def _finish(session: AsyncClientSession) -> None:
    """Commit; who gives up meanwhile is heard when the outcome is known."""
    sending = asyncio.create_task(_send(session))
    try:
        await asyncio.shield(sending)
    except asyncio.CancelledError:
        await asyncio.wait([sending])
        sending.result()
        raise


async def _send(session: AsyncClientSession) -> None:
    with pymongo.timeout(_PATIENT):
        while True:
            try:
                await session.commit_transaction()
            except PyMongoError as error:
                if error.timeout or not error.has_error_label(_UNKNOWN):
                    raise
                await asyncio.sleep(_SHORT)
            else:
                return


async def _abort(session: AsyncClientSession) -> None:
    with contextlib.suppress(PyMongoError), pymongo.timeout(_LONG):
        await session.abort_transaction()
