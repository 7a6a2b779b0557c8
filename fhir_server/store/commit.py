"""The end of a transaction: its changes judged, written, answered and committed.

https://www.mongodb.com/docs/manual/core/transactions/
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TypeVar

import pymongo
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import PyMongoError
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from fhir_server.store import definitions, hold, integrity, labels, owner, write
from fhir_server.store.audit import Noting, refuse
from fhir_server.store.definitions import Definitions
from fhir_server.store.documents import Change, Document, Stored
from fhir_server.store.horizon import LIFETIME, Database, Writer
from fhir_server.store.relations import Relations
from fhir_server.store.steps import Allow

UNKNOWN = "UnknownTransactionCommitResult"
_SHORT, _LONG = 0.004, 0.25
# Seconds a dead database may cost, and what each change may add to them.
_PATIENT, _EACH = 3.5, 0.01

Result = TypeVar("Result")


@asynccontextmanager
async def transaction(database: Database, writer: Writer) -> AsyncIterator[AsyncClientSession]:
    """Give the session of a transaction on a snapshot; it is aborted unless it was committed."""
    await writer.begin()
    async with database.client.start_session() as session:
        await session.start_transaction(ReadConcern("snapshot"), WriteConcern("majority", j=True))
        try:
            yield session
        finally:
            if session.in_transaction:
                await _abort(session)


@dataclass(frozen=True, slots=True)
class Road:
    """Where the changes of a plan go; `always`: commit even where no resource changed."""

    database: Database
    writer: Writer
    session: AsyncClientSession
    allow: Allow
    definitions: Definitions
    relations: Relations
    noting: Noting | None = None
    always: bool = False

    async def commit(
        self,
        changes: Sequence[Change],
        seen: Collection[tuple[str, str]],
        last: Callable[[Sequence[Stored]], Awaitable[Result]],
        *,
        careful: bool,
    ) -> Result:
        """Judge the changes, write them, ask `last` for the result, commit.

        `last` gets the versions made, in the order of the changes, and reads what was written.
        `seen` is what the plan has read. `careful`: look even where new ids are to be inserted.
        """
        database, session, writer = self.database, self.session, self.writer
        audit, note = (self.noting.audit, self.noting.note) if self.noting else (None, None)
        if note:
            refuse(changes)
        ordered, before = await judged(
            database, session, self.allow, changes, seen, careful=careful
        )
        ts = writer.stamp(after=max((old["ts"] for old in before.values()), default=0))
        known, decides = True, False
        try:
            writes, made = write.documents(self.allow, ordered, before, ts, audit)
            if writes:
                with pymongo.timeout(min(_PATIENT + _EACH * len(ordered), LIFETIME)):
                    await write.send(database, session, writes)
                    await labels.spread(database, session, ordered, before)
                    decides = await self.relations.keep(session, ordered, before)
                    await database.commits.insert_one(_feed(writer, ts, made), session=session)
                # Behind the writes: of many who delete one resource only one comes as far as this.
                ended = [one for one, new in zip(ordered, made, strict=True) if new.changed]
                await integrity.not_needed(database, self.allow, ordered, ended)
            defines = bool(writes) and any(one.type == definitions.TYPE for one in made)
            if defines:
                await definitions.raise_version(database, session)
            by_key = {(one.type, one.id): one for one in made}
            told = [by_key[change.type, change.id] for change in changes]
            result = await last(told)
            if note:
                await note(told, session)
            if writes or self.always or note:
                await self.definitions.check(changes)
                writer.check(ts)
                await _finish(session)
                if defines:
                    self.definitions.changed.set()
                if decides:
                    self.relations.forget()
        except PyMongoError as error:
            known = not error.has_error_label(UNKNOWN)
            raise
        finally:
            (writer.done if known else writer.doubt)(ts)
        return result


async def judged(
    database: Database,
    session: AsyncClientSession,
    allow: Allow,
    changes: Sequence[Change],
    seen: Collection[tuple[str, str]],
    *,
    careful: bool,
) -> tuple[Sequence[Change], write.Before]:
    """Give the changes in order and what stands where they write; raise what forbids one."""
    ordered = write.in_order(changes)
    before = await write.before(database, session, ordered, careful=careful)
    ordered = labels.kept(ordered, before)
    owner.judge(ordered, before)
    write.judge(allow, ordered, before)
    # What is out of reach is not ended: its hold is not told of either.
    reached = [
        one
        for one in ordered
        if one.method != "delete" or write.reaches(allow, one, before.get((one.type, one.id)))
    ]
    await hold.judge(database, session, reached, before)
    await integrity.targets_exist(database, session, allow, ordered, seen)
    return ordered, before


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
                if error.timeout or not error.has_error_label(UNKNOWN):
                    raise
                await asyncio.sleep(_SHORT)
            else:
                return


async def _abort(session: AsyncClientSession) -> None:
    with contextlib.suppress(PyMongoError), pymongo.timeout(_LONG):
        await session.abort_transaction()
