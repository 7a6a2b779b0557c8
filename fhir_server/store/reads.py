"""Reading: by id, several ids, a version, a search, a count; always under an access decision.

Pages are fetched as raw batches, so that the driver decodes only the small outer document.
"""

from collections.abc import Collection, Mapping, Sequence
from operator import itemgetter
from typing import Any

import bson
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import ExecutionTimeout

from fhir_server.search.condition import AnyOf, Condition, Everything, Not, Present, both
from fhir_server.store import chunks
from fhir_server.store.documents import Document, Page, Stored, check_key, stored
from fhir_server.store.filters import checked, in_history, to_filter
from fhir_server.store.horizon import Database

Sort = Sequence[tuple[str, int]]

FIELDS = {"v": 1, "ts": 1, "body": 1, "chunks": 1, "method": 1}
HISTORY_FIELDS = FIELDS | {"id": 1, "deleted": 1}


async def find(
    database: Database,
    collection: str,
    filter_: Mapping[str, Any],
    fields: Mapping[str, Any] | None,
    *,
    sort: Sort = (),
    limit: int = 0,
    session: AsyncClientSession | None = None,
) -> list[Document]:
    """Give the documents a filter finds, bodies not yet joined; one round trip when they fit."""
    cursor = database[collection].find_raw_batches(
        filter_,
        fields,
        sort=list(sort) or None,
        limit=limit,
        batch_size=limit or 10_000,
        session=session,
    )
    return [document for batch in await cursor.to_list() for document in bson.decode_all(batch)]


async def read_many(
    database: Database, allow: Condition, type_: str, ids: Collection[str]
) -> dict[str, Stored]:
    """Give the current versions of these ids; a deleted one as its tombstone, others not at all."""
    check_key(type_)
    wanted = AnyOf("_id", tuple(ids))
    rows = await find(database, type_, to_filter(both(wanted, checked(allow))), FIELDS)
    found = {row["_id"]: stored(type_, row) for row in await chunks.joined(database, type_, rows)}
    missed = [id_ for id_ in ids if id_ not in found]
    if missed and not isinstance(allow, Everything):
        hidden = await find(database, type_, {"_id": {"$in": missed}}, {"_id": 1})
        missed = list(set(missed) - {row["_id"] for row in hidden})
    return found | await _tombstones(database, allow, type_, missed)


async def _tombstones(
    database: Database, allow: Condition, type_: str, ids: Sequence[str]
) -> dict[str, Stored]:
    if not ids:
        return {}
    filter_ = {"$and": [{"id": {"$in": list(ids)}, "deleted": True}, in_history(allow)]}
    rows = await find(database, f"{type_}_history", filter_, HISTORY_FIELDS)
    return {row["id"]: stored(type_, row) for row in sorted(rows, key=itemgetter("v"))}


async def vread(
    database: Database, allow: Condition, type_: str, id_: str, version: int
) -> Stored | None:
    """Give one version, current or superseded; None when it never was, or not for this caller."""
    check_key(type_)
    live = {"$and": [{"_id": id_, "v": version}, to_filter(checked(allow))]}
    rows = await find(database, type_, live, FIELDS)
    if not rows:
        past = {"$and": [{"_id": f"{id_}/{version}"}, in_history(allow)]}
        rows = await find(database, f"{type_}_history", past, HISTORY_FIELDS)
    whole = await chunks.joined(database, type_, rows)
    return stored(type_, whole[0]) if whole else None


async def search(
    database: Database,
    allow: Condition,
    type_: str,
    condition: Condition,
    *,
    sort: Sort,
    limit: int,
    session: AsyncClientSession | None = None,
) -> Page:
    """Give the first `limit` resources in this order; a missing sort value comes last.

    `sort` is pairs of index field and 1 or -1. MongoDB puts what is missing first when ascending,
    so an ascending first key is asked for in two parts: those that have it, then the others.
    """
    check_key(type_)
    wanted = both(condition, checked(allow))
    fields = FIELDS | {field: 1 for field, _ in sort if field.startswith("x.")}
    rows: list[Document] = []
    for part, order in _parts(sort):
        room = limit + 1 - len(rows)
        filter_ = to_filter(both(wanted, part))
        rows += await find(
            database, type_, filter_, fields, sort=order, limit=room, session=session
        )
        if len(rows) > limit:
            break
    more, rows = len(rows) > limit, rows[:limit]
    last = tuple(_value(rows[-1], *key) for key in sort) if rows else ()
    whole = await chunks.joined(database, type_, rows, session)
    return Page(tuple(stored(type_, row) for row in whole), more, last)


def _parts(sort: Sort) -> list[tuple[Condition, Sort]]:
    if not sort or sort[0][1] < 0 or not sort[0][0].startswith("x."):
        return [(Everything(), sort)]
    has = Present(sort[0][0])
    return [(has, sort), *((both(Not(has), part), order) for part, order in _parts(sort[1:]))]


def _value(document: Any, path: str, direction: int) -> Any:
    for name in path.split("."):
        if isinstance(document, list):
            values = [item[name] for item in document if name in item]
            document = values or None
        else:
            document = (document or {}).get(name)
    if isinstance(document, list):
        return min(document) if direction > 0 else max(document)
    return document


async def count(
    database: Database, allow: Condition, type_: str, condition: Condition, max_ms: int
) -> int | None:
    """Count the resources the condition holds for; None when that takes over `max_ms`."""
    check_key(type_)
    filter_ = to_filter(both(condition, checked(allow)))
    try:
        return await database[type_].count_documents(filter_, maxTimeMS=max_ms)
    except ExecutionTimeout:
        return None
