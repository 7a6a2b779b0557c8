"""After an upgrade: which types have index fields of another format, and writing them anew.

`index_state` holds per type the format its documents are in, and how far a reindexing has come.
"""

from collections.abc import Callable, Mapping
from typing import Any

from pymongo import UpdateOne

from fhir_server.fhir import json
from fhir_server.store import chunks
from fhir_server.store.documents import Document
from fhir_server.store.horizon import Database

_BATCH = 200


async def outdated(database: Database, formats: Mapping[str, str]) -> set[str]:
    """Give the types whose documents are in another format than `formats` says.

    A type that has no document yet takes the format given here.
    """
    state = database.index_state
    known = {row["_id"]: row.get("format") async for row in state.find()}
    there = set(await database.list_collection_names())
    old = {type_ for type_, wanted in formats.items() if type_ in known and known[type_] != wanted}
    fresh: list[UpdateOne] = []
    for type_, wanted in formats.items():
        if type_ in known:
            continue
        if type_ in there and await database[type_].find_one({"f": {"$ne": wanted}}, {"_id": 1}):
            old.add(type_)
        else:
            fresh.append(UpdateOne({"_id": type_}, {"$set": {"format": wanted}}, upsert=True))
    if fresh:
        await state.bulk_write(fresh, ordered=False)
    return old


async def reindex(
    database: Database, type_: str, fields: Callable[[Document], Document], index_format: str
) -> int:
    """Write `x` and `f` of every live resource of a type; give how many were rewritten.

    `fields(resource)` gives the index fields. No version is made, and a resource that changes
    meanwhile is left to its writer. When it was interrupted it goes on after the last batch.
    """
    state = database.index_state
    row = await state.find_one({"_id": type_, "to": index_format}) or {}
    after, done = row.get("after", ""), 0
    while rows := await _batch(database, type_, after):
        updates = [_update(document, fields, index_format) for document in rows]
        done += (await database[type_].bulk_write(updates, ordered=False)).modified_count
        after = rows[-1]["_id"]
        progress = {"$set": {"to": index_format, "after": after}}
        await state.update_one({"_id": type_}, progress, upsert=True)
    finished = {"$set": {"format": index_format}, "$unset": {"to": "", "after": ""}}
    await state.update_one({"_id": type_}, finished, upsert=True)
    return done


async def _batch(database: Database, type_: str, after: str) -> list[Document]:
    cursor = database[type_].find({"_id": {"$gt": after}}, {"v": 1, "body": 1, "chunks": 1})
    rows = await cursor.sort("_id", 1).limit(_BATCH).to_list()
    return list(await chunks.joined(database, type_, rows))


def _update(
    document: Mapping[str, Any], fields: Callable[[Document], Document], index_format: str
) -> UpdateOne:
    new = {"x": fields(json.parse_object(document["body"])), "f": index_format}
    return UpdateOne({"_id": document["_id"], "v": document["v"]}, {"$set": new})
