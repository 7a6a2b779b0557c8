"""AuditEvents are made of the facts that wait, where they are found: by the sealer, or when asked.

See docs/adr/0058-facts-wait-events-are-made-in-their-place.md.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from itertools import islice
from typing import Any

import pymongo
from pymongo import InsertOne, ReplaceOne, UpdateOne
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.errors import BulkWriteError

from fhir_server.fhir import json
from fhir_server.fhir.audit_event import TYPE
from fhir_server.store import client
from fhir_server.store.documents import Document
from fhir_server.store.horizon import Database
from fhir_server.store.keeping import keep
from fhir_server.store.seals import WAITING
from fhir_server.store.signing import Signer, Waiting

# Seconds a dead database may cost.
_PATIENT = 3.5
# Events that go in one call: the embedded database, a millisecond for each, does nothing else.
_AT_ONCE = 25
# Lists that are read at a time.
_LISTS = 100
_FACTS: dict[str, Any] = {"facts": {"$exists": True}}

# (id, signature) of events.
Named = Sequence[tuple[str, bytes]]


async def put(database: Database, signer: Signer, lists: Sequence[Waiting]) -> list[Named]:
    """Put the events of lists in their place, and give which those of each list are.

    Where this ends in between it is done again, by this process or another, and each is there once.
    """
    facts = [fact for one in lists for fact in one.facts]
    made: list[tuple[str, bytes]] = []
    for start in range(0, len(facts), _AT_ONCE):
        some = [signer.event(fact) for fact in facts[start : start + _AT_ONCE]]
        await keep(database, TYPE, some, partial(_settle, database, signer, some))
        made += [(event["_id"], event["mac"]) for event in some]
    rest = iter(made)
    return [[*one.events, *islice(rest, len(one.facts))] for one in lists]


async def _settle(database: Database, signer: Signer, events: list[Document]) -> None:
    """Put events where something may stand: what is ours stays, and is in `events` instead.

    Another version of this server may make other bytes of the same fact.
    """
    there: AsyncCollection[Any] = database[TYPE]
    while True:
        rows = await there.find({"_id": {"$in": [one["_id"] for one in events]}}).to_list()
        ours = {row["_id"]: row for row in rows if _is_ours(signer, row)}
        events[:] = [ours.get(one["_id"], one) for one in events]
        left = [one for one in events if one["_id"] not in ours]
        if not left:
            return
        forged = {row["_id"]: row.get("mac") for row in rows}
        try:
            await there.bulk_write([_over(one, forged) for one in left], ordered=False)
        except BulkWriteError as error:
            client.taken(error)


def _is_ours(signer: Signer, row: Document) -> bool:
    body = signer.body(row)
    return body is not None and json.parse_object(body).get("id") == row["_id"]


def _over(event: Document, forged: Mapping[Any, Any]) -> InsertOne[Document] | ReplaceOne[Document]:
    id_ = event["_id"]
    return (
        ReplaceOne({"_id": id_, "mac": forged[id_]}, event) if id_ in forged else InsertOne(event)
    )


async def place(database: Database, signer: Signer) -> None:
    """Put all that waits now in its place; the lists wait on. What comes meanwhile is left."""
    there = database[WAITING]
    with pymongo.timeout(_PATIENT):
        newest = await there.find_one(_FACTS, {"_id": 1}, sort=[("_id", -1)])
        if newest is None:
            return
        asked = _FACTS | {"_id": {"$lte": newest["_id"]}}
        while rows := await there.find(asked, sort=[("_id", 1)], limit=_LISTS).to_list():
            lists = [signer.read(row) for row in rows]
            named = await put(database, signer, lists)
            await there.bulk_write(
                [_placed(one, events) for one, events in zip(lists, named, strict=True)]
            )


def _placed(one: Waiting, events: Named) -> UpdateOne:
    listed = {"$set": {"events": [list(event) for event in events]}}
    return UpdateOne({"_id": one.id}, listed | {"$unset": {"facts": True, "mac": True}})
