"""What is read without a body: index fields, versions, the values a field has."""

from collections.abc import Sequence
from typing import Any

from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import ExecutionTimeout

from fhir_server.search.condition import Condition, both, is_open
from fhir_server.search.query import SortKey
from fhir_server.store import joins
from fhir_server.store.documents import Document, check_key
from fhir_server.store.filters import checked, to_filter
from fhir_server.store.finding import find
from fhir_server.store.horizon import Database
from fhir_server.store.joins import Joins


async def fields(
    joined: Joins,
    allow: Condition,
    type_: str,
    condition: Condition,
    names: Sequence[str],
    *,
    limit: int,
) -> dict[str, Document]:
    """Give by id the named index fields of at most `limit` resources, in no order.

    The names are without `x.`; what a resource has no value for is left out.
    """
    check_key(type_)
    wanted = {f"x.{name}": 1 for name in names} or {"_id": 1}
    rows = await joins.rows(joined, type_, both(condition, checked(allow)), wanted, limit)
    return {row["_id"]: row.get("x", {}) for row in rows}


async def keys(
    joined: Joins,
    allow: Condition,
    type_: str,
    condition: Condition,
    *,
    sort: Sequence[SortKey],
    limit: int,
) -> list[tuple[str, int]]:
    """Give the `_id` and `ts` of the first `limit` resources in this order, read from an index."""
    check_key(type_)
    condition = both(condition, checked(allow))
    order = {key.field: -1 if key.descending else 1 for key in sort}
    if is_open(condition):
        condition = await joins.narrowed(joined, type_, condition, [{"$sort": order}], limit)
    rows = await find(
        joined.database,
        type_,
        to_filter(condition),
        {"ts": 1},
        sort=[*order.items()],
        limit=limit,
        session=joined.session,
    )
    return [(row["_id"], int(row["ts"])) for row in rows]


async def versions(
    database: Database,
    allow: Condition,
    type_: str,
    condition: Condition,
    *,
    limit: int,
    session: AsyncClientSession | None = None,
) -> dict[str, tuple[int, int]]:
    """Give by id the version and ts of at most `limit` resources, in no order."""
    check_key(type_)
    filter_ = to_filter(both(condition, checked(allow)))
    wanted = {"v": 1, "ts": 1}
    rows = await find(database, type_, filter_, wanted, limit=limit, session=session)
    return {row["_id"]: (int(row["v"]), int(row["ts"])) for row in rows}


async def distinct(
    database: Database,
    allow: Condition,
    type_: str,
    field: str,
    max_ms: int,
    *,
    session: AsyncClientSession | None = None,
) -> set[Any] | None:
    """Give every value a field has in a type; None when that takes over `max_ms`."""
    check_key(type_)
    try:
        allowed = to_filter(checked(allow))
        found = await database[type_].distinct(field, allowed, session, maxTimeMS=max_ms)
    except ExecutionTimeout:
        return None
    return set(found)
