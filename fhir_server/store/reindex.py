"""After an upgrade: which types have index fields of another format, and writing them anew.

`index_state` holds per type the format its documents are in.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pymongo
from pymongo import UpdateOne
from pymongo.errors import ExecutionTimeout, PyMongoError

from fhir_server.fhir import json
from fhir_server.search.condition import Condition
from fhir_server.search.index import CARE_FIELD
from fhir_server.store import chunks, relations
from fhir_server.store.documents import Document, stored
from fhir_server.store.filters import checked, to_filter
from fhir_server.store.horizon import Database
from fhir_server.store.veil import Veil

_BATCH = 200
_STEP_SECONDS, _COUNT_SECONDS = 60.0, 600.0
_ATTEMPTS, _TRANSIENT = 5, "TransientTransactionError"


@dataclass(frozen=True, slots=True)
class Step:
    """One batch: the id it came to, and how many resources were rewritten."""

    after: str
    rewritten: int


@dataclass(frozen=True, slots=True)
class Counts:
    """Resources of a type that are in the wanted format, and all of them."""

    current: int
    total: int

    @property
    def complete(self) -> bool:
        """Say whether none is in another format."""
        return self.current == self.total


async def outdated(database: Database, formats: Mapping[str, str]) -> dict[str, str]:
    """Give the types whose documents are in another format than `formats` says, and that format.

    It is "" where it is not known. A type that has no document yet takes the format given here.
    """
    state = database.index_state
    known = {row["_id"]: row.get("format") async for row in state.find()}
    there = set(await database.list_collection_names())
    old = {
        type_: known[type_] or ""
        for type_, wanted in formats.items()
        if type_ in known and known[type_] != wanted
    }
    fresh: list[UpdateOne] = []
    for type_, wanted in formats.items():
        if type_ in known:
            continue
        if type_ in there and await database[type_].find_one({"f": {"$ne": wanted}}, {"_id": 1}):
            old[type_] = ""
        else:
            fresh.append(UpdateOne({"_id": type_}, {"$set": {"format": wanted}}, upsert=True))
    if fresh:
        await state.bulk_write(fresh, ordered=False)
    return old


async def step(
    database: Database,
    type_: str,
    fields: Callable[[Document], Document],
    index_format: str,
    *,
    after: str,
    everything: bool,
    veil: Veil | None = None,
) -> Step | None:
    """Write `x` and `f` of the next live resources of a type, by id; None when none are left.

    `fields(resource)` gives the index fields; `everything` rewrites those in this format too. No
    version is made, and a resource that changes meanwhile is left to its writer.
    """
    wanted: Document = {"_id": {"$gt": after}}
    if not everything:
        wanted["f"] = {"$ne": index_format}
    projected = {"v": 1, "ts": 1, "f": 1, "body": 1, "chunks": 1, f"x.{CARE_FIELD}": 1}
    cursor = database[type_].find(wanted, projected)
    rows = await cursor.sort("_id", 1).limit(_BATCH).to_list()
    if not rows:
        return None
    whole = await chunks.joined(database, type_, rows)
    kept = [stored(type_, row) for row in whole]
    kept = await veil.all_opened(kept) if veil else kept
    new = {one.id: fields(json.parse_object(one.body or b"")) for one in kept}
    new = {id_: veil.fields(made) for id_, made in new.items()} if veil else new
    updates = [_update(row, new[row["_id"]], index_format) for row in whole]
    with pymongo.timeout(_STEP_SECONDS):
        done = await database[type_].bulk_write(updates, ordered=False)
        cared = [
            row["_id"] for row in rows if CARE_FIELD in {**row.get("x", {}), **new[row["_id"]]}
        ]
        if cared:
            await _relate(database, type_, cared)
    return Step(rows[-1]["_id"], done.matched_count)


async def _relate(database: Database, type_: str, ids: list[str]) -> None:
    """Write the relations of these resources anew, as the index has them now.

    Their documents are touched, so that a writer who comes between conflicts with this.
    """
    for attempt in range(_ATTEMPTS):
        async with database.client.start_session() as session:
            try:
                async with await session.start_transaction():
                    wanted = {"_id": {"$in": ids}}
                    await database[type_].update_many(
                        wanted, {"$currentDate": {"reindexed": True}}, session=session
                    )
                    rows = database[type_].find(wanted, {f"x.{CARE_FIELD}": 1}, session=session)
                    found = {row["_id"]: row.get("x", {}) for row in await rows.to_list()}
                    await relations.rewrite(database, session, type_, ids, found)
            except PyMongoError as error:
                if attempt == _ATTEMPTS - 1 or not error.has_error_label(_TRANSIENT):
                    raise
            else:
                return


async def verify(database: Database, type_: str, index_format: str) -> Counts:
    """Count the resources of a type and those in this format; where all are, note that."""
    current = {"$cond": [{"$eq": ["$f", {"$literal": index_format}]}, 1, 0]}
    counted = {"$group": {"_id": None, "current": {"$sum": current}, "total": {"$sum": 1}}}
    with pymongo.timeout(_COUNT_SECONDS):
        rows = await (await database[type_].aggregate([counted])).to_list()
    counts = Counts(rows[0]["current"], rows[0]["total"]) if rows else Counts(0, 0)
    if counts.complete:
        noted = {"$set": {"format": index_format}}
        await database.index_state.update_one({"_id": type_}, noted, upsert=True)
    return counts


async def count_formats(
    database: Database, allow: Condition, type_: str, max_ms: int
) -> dict[str, int] | None:
    """Count the resources of a type by format; None when that takes over `max_ms`."""
    steps = [
        {"$match": to_filter(checked(allow))},
        {"$group": {"_id": "$f", "count": {"$sum": 1}}},
    ]
    try:
        rows = await (await database[type_].aggregate(steps, maxTimeMS=max_ms)).to_list()
    except ExecutionTimeout:
        return None
    return {str(row["_id"]): row["count"] for row in rows}


def _update(document: Mapping[str, Any], fields: Document, index_format: str) -> UpdateOne:
    new = {"x": fields, "f": index_format}
    # Whoever wrote it, or rewrote it, since it was read knew more.
    same = {"_id": document["_id"], "v": document["v"], "f": document.get("f")}
    return UpdateOne(same, {"$set": new})
