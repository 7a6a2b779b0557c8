"""The end of a transaction: its parts judged, written, answered and committed.

https://www.mongodb.com/docs/manual/core/transactions/
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pymongo
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import PyMongoError
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from fhir_server.store import definitions, integrity, labels, write
from fhir_server.store.definitions import Definitions
from fhir_server.store.documents import Document, Stored
from fhir_server.store.horizon import LIFETIME, Database, Writer
from fhir_server.store.joins import Bounds
from fhir_server.store.part import Part
from fhir_server.store.relations import Relations
from fhir_server.store.veil import Veil
from fhir_server.store.write import Before, Writes

UNKNOWN = "UnknownTransactionCommitResult"
_SHORT, _LONG = 0.004, 0.25
# Seconds a dead database may cost, and what each change may add to them.
_PATIENT, _EACH = 3.5, 0.01


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
    """Where the writes of a store go, the same for every transaction.

    `patience`: seconds a write goes on trying while others come between.
    """

    database: Database
    writer: Writer
    definitions: Definitions
    relations: Relations
    bounds: Bounds
    patience: float
    veil: Veil | None = None

    async def commit(
        self, session: AsyncClientSession, parts: Sequence[Part], *, careful: bool
    ) -> None:
        """Judge the parts, write those that are not refused, ask for their results, commit.

        `careful`: look even where new ids are to be inserted.
        """
        before = await judged(self.database, session, parts, careful=careful)
        if self.veil:
            await self.veil.ready(change for part in _open(parts) for change in part.ordered)
        ts = self.writer.stamp(after=max((old["ts"] for old in before.values()), default=0))
        known = True
        try:
            writes: dict[str, Writes] = {}
            for part in _open(parts):
                with part.judging():
                    write.join(writes, part.documents(before, ts, self.veil))
            await self._commit(session, _open(parts), before, writes, ts)
        except PyMongoError as error:
            known = not error.has_error_label(UNKNOWN)
            raise
        finally:
            (self.writer.done if known else self.writer.doubt)(ts)

    async def _commit(
        self,
        session: AsyncClientSession,
        parts: Sequence[Part],
        before: Before,
        writes: Mapping[str, Writes],
        ts: int,
    ) -> None:
        changes = [change for part in parts for change in part.ordered]
        made = [one for part in parts for one in part.made]
        decides = defines = False
        if writes:
            with pymongo.timeout(min(_PATIENT + _EACH * len(changes), LIFETIME)):
                await write.send(self.database, session, writes)
                await labels.spread(self.database, session, changes, before)
                decides = await self.relations.keep(session, changes, before)
                row = _feed(self.writer, ts, made)
                await self.database.commits.insert_one(row, session=session)
            # Behind the writes: of many who delete one resource only one comes as far as this.
            for part in parts:
                await part.not_needed(self.database)
            defines = any(one.type == definitions.TYPE for one in made)
        if defines:
            await definitions.raise_version(self.database, session)
        await _answered(parts, session)
        if writes or any(part.always or part.notes for part in parts):
            await self.definitions.check(changes)
            self.writer.check(ts)
            await _finish(session)
        if defines:
            self.definitions.changed.set()
        if decides:
            self.relations.forget()


async def judged(
    database: Database, session: AsyncClientSession, parts: Sequence[Part], *, careful: bool
) -> Before:
    """Judge each part by itself, what is asked for that in common; give what stands there.

    Raises Invalid where two parts change one resource.
    """
    for part in _open(parts):
        with part.judging():
            part.order()
    changes = write.in_order(change for part in _open(parts) for change in part.ordered)
    before = await write.before(database, session, changes, careful=careful)
    for part in _open(parts):
        with part.judging():
            await part.judge(database, session, before)
    there = await integrity.existing(database, session, (part.needs for part in _open(parts)))
    for part in _open(parts):
        with part.judging():
            part.found(there)
    return before


def _open(parts: Sequence[Part]) -> Sequence[Part]:
    return [part for part in parts if not (part.failure or part.done)]


async def _answered(parts: Sequence[Part], session: AsyncClientSession) -> None:
    """Have each part answered, and keep what is noted of all."""
    facts = [fact for part in parts for fact in await part.answer()]
    audit = next((part.noting.audit for part in parts if part.noting), None)
    if audit and facts:
        await audit.write(lambda: facts, session)


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
