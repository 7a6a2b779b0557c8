"""Events that wait in lists are put where AuditEvents are found: by the sealer, or when asked for.

See docs/adr/0056-read-events-wait-whole.md.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any

import pymongo
from bson.raw_bson import RawBSONDocument
from pymongo import ReplaceOne
from pymongo.asynchronous.collection import AsyncCollection

from fhir_server.fhir.audit_event import TYPE
from fhir_server.store.horizon import Database
from fhir_server.store.keeping import keep
from fhir_server.store.seals import WAITING, held

# Seconds a dead database may cost.
_PATIENT = 3.5
# Events that go in one call: the embedded database, a millisecond for each, does nothing else.
_AT_ONCE = 25
# Lists that are read at a time.
_LISTS = 100
_WHOLE: dict[str, Any] = {"whole": {"$exists": True}}


async def put(database: Database, lists: Iterable[Mapping[str, Any]]) -> None:
    """Put the events of lists in their place, over what stands there: it is they, or forged.

    They are put there again if this ends in between, and are there once.
    """
    events = [RawBSONDocument(one) for row in lists for one in held(row)]
    for start in range(0, len(events), _AT_ONCE):
        some = events[start : start + _AT_ONCE]
        await keep(database, TYPE, some, partial(_replace, database, some))


async def _replace(database: Database, events: Sequence[RawBSONDocument]) -> None:
    there: AsyncCollection[Any] = database[TYPE]
    await there.bulk_write([ReplaceOne({"_id": one["_id"]}, one, upsert=True) for one in events])


async def place(database: Database) -> None:
    """Put all that waits now in its place; the lists wait on. What comes meanwhile is left."""
    there = database[WAITING]
    with pymongo.timeout(_PATIENT):
        newest = await there.find_one(_WHOLE, {"_id": 1}, sort=[("_id", -1)])
        if newest is None:
            return
        asked = _WHOLE | {"_id": {"$lte": newest["_id"]}}
        while lists := await there.find(asked, sort=[("_id", 1)], limit=_LISTS).to_list():
            await put(database, lists)
            placed = {"_id": {"$in": [row["_id"] for row in lists]}}
            await there.update_many(placed, {"$unset": {"whole": True}})
