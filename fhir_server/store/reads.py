"""Reading: by id, several ids, a version, a search, a count; always under an access decision.

Pages are fetched as raw batches, so that the driver decodes only the small outer document.
"""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from operator import itemgetter
from typing import Any, cast

import bson
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import ExecutionTimeout

from fhir_server.search.condition import AnyOf, Condition, Everything, both, is_open
from fhir_server.search.cursor import values_of
from fhir_server.search.query import SortKey
from fhir_server.store import chunks, joins
from fhir_server.store.documents import Document, Page, Stored, check_key, portions, stored
from fhir_server.store.filters import all_of, checked, in_history, to_filter
from fhir_server.store.horizon import Database
from fhir_server.store.joins import BOUNDS, Bounds, Joins

Sort = Sequence[SortKey]

FIELDS = {"v": 1, "ts": 1, "body": 1, "chunks": 1, "method": 1, "created": 1}
HISTORY_FIELDS = FIELDS | {"id": 1, "deleted": 1}


async def find(
    database: Database,
    collection: str,
    filter_: Mapping[str, Any],
    fields: Mapping[str, Any] | None,
    *,
    sort: Sequence[tuple[str, int]] = (),
    limit: int = 0,
    size: int | None = None,
    session: AsyncClientSession | None = None,
) -> list[Document]:
    """Give the documents a filter finds, bodies not yet joined; one round trip when they fit.

    It ends early, but behind the document that makes `size` bytes of bodies full.
    """
    cursor = database[collection].find_raw_batches(
        filter_,
        fields,
        sort=list(sort) or None,
        limit=limit,
        batch_size=limit or 10_000,
        session=session,
    )
    # The driver's types say documents, the wire's bytes is what comes.
    rows: list[Document] = []
    read = 0
    async with cursor:
        async for batch in cast("AsyncIterator[bytes]", cursor):
            documents = bson.decode_all(batch)
            rows += documents
            read += sum(len(document.get("body", b"")) for document in documents)
            # A body that is not in chunks is smaller than a page: one document more is there.
            if size is not None and read > 2 * size:
                break
    return rows


async def read_many(
    database: Database,
    allow: Condition,
    type_: str,
    ids: Collection[str],
    session: AsyncClientSession | None = None,
) -> dict[str, Stored]:
    """Give the current versions of these ids; a deleted one as its tombstone, others not at all."""
    check_key(type_)
    rows: list[Document] = []
    for some in portions(ids):
        filter_ = to_filter(both(AnyOf("_id", tuple(some)), checked(allow)))
        rows += await find(database, type_, filter_, FIELDS, session=session)
    whole = await chunks.joined(database, type_, rows, session)
    found = {row["_id"]: stored(type_, row) for row in whole}
    missed = [id_ for id_ in ids if id_ not in found]
    if missed and not isinstance(allow, Everything):
        unseen = {"_id": {"$in": missed}}
        hidden = await find(database, type_, unseen, {"_id": 1}, session=session)
        missed = list(set(missed) - {row["_id"] for row in hidden})
    return found | await _tombstones(database, allow, type_, missed, session)


async def _tombstones(
    database: Database,
    allow: Condition,
    type_: str,
    ids: Sequence[str],
    session: AsyncClientSession | None,
) -> dict[str, Stored]:
    if not ids:
        return {}
    filter_ = all_of([{"id": {"$in": list(ids)}, "deleted": True}, in_history(allow)])
    rows = await find(database, f"{type_}_history", filter_, HISTORY_FIELDS, session=session)
    return {row["id"]: stored(type_, row) for row in sorted(rows, key=itemgetter("v"))}


async def vread(
    database: Database,
    allow: Condition,
    type_: str,
    id_: str,
    version: int,
    *,
    session: AsyncClientSession | None = None,
) -> Stored | None:
    """Give one version, current or superseded; None when it never was, or not for this caller."""
    check_key(type_)
    live = all_of([{"_id": id_, "v": version}, to_filter(checked(allow))])
    rows = await find(database, type_, live, FIELDS, session=session)
    if not rows:
        past = all_of([{"_id": f"{id_}/{version}"}, in_history(allow)])
        rows = await find(database, f"{type_}_history", past, HISTORY_FIELDS, session=session)
    whole = await chunks.joined(database, type_, rows, session)
    return stored(type_, whole[0]) if whole else None


async def search(
    database: Database,
    allow: Condition,
    type_: str,
    condition: Condition,
    *,
    sort: Sort,
    limit: int,
    size: int | None = None,
    session: AsyncClientSession | None = None,
    bounds: Bounds = BOUNDS,
) -> Page:
    """Give the first `limit` resources in this order, fewer where their bodies fill `size` bytes.

    No sort field may be missing in one resource and present in another: see `search/cursor`.
    """
    check_key(type_)
    condition = both(condition, checked(allow))
    order = [(key.field, -1 if key.descending else 1) for key in sort]
    if is_open(condition):
        asked = Joins(database, bounds, session)
        stages = [{"$sort": dict(order)}]
        condition = await joins.narrowed(asked, type_, condition, stages, limit + 1)
    filter_ = to_filter(condition)
    fields = FIELDS | {key.field: 1 for key in sort if key.field.startswith("x.")}
    found = await find(
        database, type_, filter_, fields, sort=order, limit=limit + 1, size=size, session=session
    )
    rows = chunks.filling(found[:limit], size)
    more = len(found) > len(rows)
    # The driver's long integers are a class of their own.
    values = values_of(sort, rows[-1]) if rows else ()
    last = tuple(int(value) if isinstance(value, int) else value for value in values)
    whole = await chunks.joined(database, type_, rows, session)
    return Page(tuple(stored(type_, row) for row in whole), more, last)


async def count(
    database: Database,
    allow: Condition,
    type_: str,
    condition: Condition,
    max_ms: int,
    *,
    session: AsyncClientSession | None = None,
) -> int | None:
    """Count the resources the condition holds for; None when that takes over `max_ms`."""
    check_key(type_)
    condition = both(condition, checked(allow))
    if is_open(condition):
        return await joins.count(Joins(database, session=session), type_, condition, max_ms)
    filter_ = to_filter(condition)
    try:
        return await database[type_].count_documents(filter_, session, maxTimeMS=max_ms)
    except ExecutionTimeout:
        return None
