"""Reading: by id, several ids, a version, a search, a count; always under an access decision.

Pages are fetched as raw batches, so that the driver decodes only the small outer document.
"""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from operator import itemgetter
from types import MappingProxyType
from typing import Any, cast

import bson
from pymongo.asynchronous.client_session import AsyncClientSession

from fhir_server.search.condition import AnyOf, Condition, Everything, both, is_open
from fhir_server.search.cursor import values_of
from fhir_server.search.query import SortKey
from fhir_server.store import chunks, joins
from fhir_server.store.documents import Document, Page, Stored, check_key, portions, stored
from fhir_server.store.filters import all_of, checked, in_history, to_filter
from fhir_server.store.horizon import Database
from fhir_server.store.joins import Joins
from fhir_server.store.order import direction, ordered

Sort = Sequence[SortKey]

FIELDS = {"v": 1, "ts": 1, "body": 1, "chunks": 1, "method": 1, "created": 1, "x._patient": 1}
HISTORY_FIELDS = FIELDS | {"id": 1, "deleted": 1}
_ALL = Everything()


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
    return await _rows(cursor, size)


async def _rows(cursor: Any, size: int | None) -> list[Document]:
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
    gone = await _tombstones(database, allow, type_, missed, session)
    if missed and not isinstance(allow, Everything):
        # Of what is there, and hidden, no tombstone is told either; what never was is asked alike.
        unseen = {"_id": {"$in": missed}}
        hidden = await find(database, type_, unseen, {"_id": 1}, session=session)
        gone = {id_: one for id_, one in gone.items() if all(row["_id"] != id_ for row in hidden)}
    return found | gone


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
    asked: Joins,
    allow: Condition,
    type_: str,
    condition: Condition,
    *,
    sort: Sort,
    limit: int,
    size: int | None = None,
    computed: Mapping[str, SortKey] = MappingProxyType({}),
    rest: Condition = _ALL,
) -> Page:
    """Give the first `limit` resources in this order, fewer where their bodies fill `size` bytes.

    No sort field may be missing in one resource and present in another, unless it is computed: see
    `search/cursor.Step`, also for `computed` and `rest`.
    """
    check_key(type_)
    condition = both(condition, checked(allow))
    if is_open(condition):
        order = ordered(sort, computed, rest)
        condition = await joins.narrowed(asked, type_, condition, order, limit + 1)
    fields = FIELDS | {key.field: 1 for key in sort if key.field not in ("_id", "ts")}
    if computed:
        stages = [{"$match": to_filter(condition)}, *ordered(sort, computed, rest)]
        cursor = await asked.database[type_].aggregate_raw_batches(
            [*stages, {"$limit": limit + 1}, {"$project": fields}],
            session=asked.session,
            batchSize=limit + 1,
        )
        found = await _rows(cursor, size)
    else:
        found = await find(
            asked.database,
            type_,
            to_filter(both(condition, rest)),
            fields,
            sort=[(key.field, direction(key)) for key in sort],
            limit=limit + 1,
            size=size,
            session=asked.session,
        )
    rows = chunks.filling(found[:limit], size)
    whole = await chunks.joined(asked.database, type_, rows, asked.session)
    return Page(
        tuple(stored(type_, row) for row in whole),
        more=len(found) > len(rows),
        first=_values(sort, rows[0]) if rows else (),
        last=_values(sort, rows[-1]) if rows else (),
    )


def _values(sort: Sort, row: Document) -> tuple[Any, ...]:
    # The driver's long integers are a class of their own.
    return tuple(int(value) if isinstance(value, int) else value for value in values_of(sort, row))
