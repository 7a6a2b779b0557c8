"""What was: the versions of one resource or of a whole type, newest first.

https://hl7.org/fhir/R4/http.html#history
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import ExecutionTimeout

from fhir_server.search.condition import Condition
from fhir_server.store import chunks
from fhir_server.store.documents import Document, Stored, check_key, stored
from fhir_server.store.filters import Filter, all_of, checked, in_history, to_filter
from fhir_server.store.finding import find
from fhir_server.store.horizon import Database
from fhir_server.store.reads import HISTORY_FIELDS


@dataclass(frozen=True, slots=True)
class Span:
    """Which versions of a type are asked for.

    `id`: of one resource only. `since`: made at or after this ts. `at`: current at some moment of
    the half-open range. `before`: the (ts, id) of the last row seen, to go on after it.
    """

    id: str | None = None
    since: int | None = None
    at: tuple[int, int] | None = None
    before: tuple[int, str] | None = None


async def history(
    database: Database,
    allow: Condition,
    type_: str,
    span: Span,
    *,
    limit: int,
    size: int | None = None,
    session: AsyncClientSession | None = None,
) -> list[Stored]:
    """Give at most `limit` versions, newest first, tombstones included.

    They are fewer where their bodies fill `size` bytes.
    """
    check_key(type_, span.id)
    found = await rows(
        database, allow, type_, span, HISTORY_FIELDS, limit=limit, size=size, session=session
    )
    kept = chunks.filling(found, size)
    return [stored(type_, row) for row in await chunks.joined(database, type_, kept, session)]


async def rows(
    database: Database,
    allow: Condition,
    type_: str,
    span: Span,
    fields: Mapping[str, int],
    *,
    limit: int,
    size: int | None = None,
    session: AsyncClientSession | None = None,
) -> list[Document]:
    """Give the documents of those versions, with these fields, bodies not joined."""
    live, past = _filters(allow, span)
    found = await find(
        database,
        type_,
        live,
        fields,
        sort=[("ts", -1), ("_id", -1)],
        limit=limit,
        size=size,
        session=session,
    )
    found += await find(
        database,
        f"{type_}_history",
        past,
        fields,
        sort=[("ts", -1), ("id", -1)],
        limit=limit,
        size=size,
        session=session,
    )
    # A version replaced between the two reads was seen by both.
    once = {(row["ts"], row.get("id", row["_id"])): row for row in found}
    return [once[key] for key in sorted(once, reverse=True)[:limit]]


async def count(
    database: Database,
    allow: Condition,
    type_: str,
    span: Span,
    max_ms: int,
    *,
    session: AsyncClientSession | None = None,
) -> int | None:
    """Count the versions asked for; None when that takes over `max_ms`."""
    check_key(type_, span.id)
    live, past = _filters(allow, span)
    try:
        past_, live_ = database[f"{type_}_history"], database[type_]
        counted = await past_.count_documents(past, session, maxTimeMS=max_ms)
        return counted + await live_.count_documents(live, session, maxTimeMS=max_ms)
    except ExecutionTimeout:
        return None


def _filters(allow: Condition, span: Span) -> tuple[Filter, Filter]:
    """Give the filters of the live and of the history collection."""
    live = [_only(span, "_id"), to_filter(checked(allow)), *_bounds(span, "_id")]
    past = [_only(span, "id"), in_history(allow), *_bounds(span, "id"), _outlived(span.at)]
    return all_of(live), all_of(past)


def _only(span: Span, field: str) -> Filter:
    return {} if span.id is None else {field: span.id}


def _bounds(span: Span, field: str) -> Iterator[Filter]:
    """Give what bounds ts, in one filter an index can start from, and the id within one ts."""
    ends: dict[str, int] = {}
    if span.since is not None:
        ends["$gte"] = span.since
    if span.at is not None:
        ends["$lt"] = span.at[1]
    if span.before is not None:
        ts, last = span.before
        ends["$lte"] = ts
        yield {"$or": [{"ts": {"$lt": ts}}, {"ts": ts, field: {"$lt": last}}]}
    if ends:
        yield {"ts": ends}


def _outlived(at: tuple[int, int] | None) -> Filter:
    if at is None:
        return {}
    moments: list[dict[str, Any]] = [
        {"end": {"$gt": at[0]}},
        {"deleted": True, "ts": {"$gte": at[0]}},
    ]
    return {"$or": moments}
