"""Events that wait in lists are put where AuditEvents are found: by the sealer, or when asked for.

See docs/adr/0056-read-events-wait-whole.md.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import pymongo
from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument
from pymongo import ReplaceOne
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.errors import BulkWriteError, DuplicateKeyError

from fhir_server.fhir.audit_event import TYPE
from fhir_server.store import client
from fhir_server.store.horizon import Database
from fhir_server.store.seals import WAITING, Event, held

_RAW: CodecOptions[RawBSONDocument] = CodecOptions(document_class=RawBSONDocument)
# Seconds a dead database may cost.
_PATIENT = 3.5
# Events that go in one call: the embedded database, a millisecond for each, does nothing else.
_AT_ONCE = 25
# Lists that are placed in one transaction.
_LISTS = 100
_WHOLE: dict[str, Any] = {"whole": {"$exists": True}}
_OLDEST = [("_id", 1)]


def lists(database: Database) -> AsyncCollection[RawBSONDocument]:
    """Give the lists there are; what they hold is not decoded, and goes on as it came."""
    return database[WAITING].with_options(codec_options=_RAW)


async def put(
    database: Database, events: Sequence[Event], session: AsyncClientSession, *, over: bool
) -> None:
    """Put events in their place; with `over` also where something stands that is not them.

    Raises DuplicateKeyError without it.
    """
    there: AsyncCollection[Any] = database[TYPE]
    for start in range(0, len(events), _AT_ONCE):
        some = events[start : start + _AT_ONCE]
        if over:
            wanted = [ReplaceOne({"_id": one["_id"]}, one, upsert=True) for one in some]
            await there.bulk_write(wanted, session=session)
            continue
        try:
            await there.insert_many(some, session=session)
        except BulkWriteError as error:
            client.taken(error)
            raise DuplicateKeyError("An event's place is taken.") from error


async def place(database: Database) -> None:
    """Put all that waits now in its place; the lists wait on. What comes meanwhile is left."""
    there = database[WAITING]
    with pymongo.timeout(_PATIENT):
        newest = await there.find_one(_WHOLE, {"_id": 1}, sort=[("_id", -1)])
        if newest is None:
            return
        asked, over = _WHOLE | {"_id": {"$lte": newest["_id"]}}, False
        while await there.find_one(asked, {"_id": 1}):
            try:
                async with database.client.start_session() as session:
                    await session.with_transaction(partial(_place, database, asked, over=over))
            except DuplicateKeyError:
                over = True


async def _place(
    database: Database, asked: Mapping[str, Any], session: AsyncClientSession, *, over: bool
) -> None:
    there = lists(database)
    for row in await there.find(asked, sort=_OLDEST, limit=_LISTS, session=session).to_list():
        await put(database, held(row), session, over=over)
        placed = {"$unset": {"whole": True}}
        await there.update_one({"_id": row["_id"]}, placed, session=session)
