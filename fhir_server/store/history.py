"""What was: the versions of one resource or of a whole type, newest first.

https://hl7.org/fhir/R4/http.html#history
"""

from typing import Any

from pymongo.asynchronous.client_session import AsyncClientSession

from fhir_server.search.condition import Condition
from fhir_server.store import chunks
from fhir_server.store.documents import Document, Stored, check_key, stored
from fhir_server.store.filters import Filter, checked, in_history, to_filter
from fhir_server.store.horizon import Database
from fhir_server.store.reads import FIELDS, HISTORY_FIELDS, find


async def history(
    database: Database,
    allow: Condition,
    type_: str,
    id_: str | None = None,
    *,
    since: int | None = None,
    at: tuple[int, int] | None = None,
    before: tuple[int, str] | None = None,
    limit: int,
    size: int | None = None,
    session: AsyncClientSession | None = None,
) -> list[Stored]:
    """Give at most `limit` versions, newest first, tombstones included.

    They are fewer where their bodies fill `size` bytes.

    `since`: only versions made at or after this ts. `at`: only versions that were current at some
    moment of the half-open range. `before`: the (ts, id) of the last row seen, to go on after it.
    """
    check_key(type_, id_)
    live = [to_filter(checked(allow)), _bounds(since, at, before, "_id")]
    past = [in_history(allow), _bounds(since, at, before, "id"), _outlived(at)]
    if id_ is not None:
        live.append({"_id": id_})
        past.append({"id": id_})
    rows = await find(
        database,
        type_,
        {"$and": live},
        FIELDS,
        sort=[("ts", -1), ("_id", -1)],
        limit=limit,
        size=size,
        session=session,
    )
    rows += await find(
        database,
        f"{type_}_history",
        {"$and": past},
        HISTORY_FIELDS,
        sort=[("ts", -1), ("id", -1)],
        limit=limit,
        size=size,
        session=session,
    )
    # A version replaced between the two reads was seen by both.
    once = {(row["ts"], row.get("id", row["_id"])): row for row in rows}
    kept = chunks.filling([once[key] for key in sorted(once, reverse=True)[:limit]], size)
    return [stored(type_, row) for row in await chunks.joined(database, type_, kept, session)]


def _bounds(
    since: int | None, at: tuple[int, int] | None, before: tuple[int, str] | None, id_: str
) -> Filter:
    bounds: list[Document] = []
    if since is not None:
        bounds.append({"ts": {"$gte": since}})
    if at is not None:
        bounds.append({"ts": {"$lt": at[1]}})
    if before is not None:
        ts, last = before
        bounds += [
            {"ts": {"$lte": ts}},
            {"$or": [{"ts": {"$lt": ts}}, {"ts": ts, id_: {"$lt": last}}]},
        ]
    return {"$and": bounds} if bounds else {}


def _outlived(at: tuple[int, int] | None) -> Filter:
    if at is None:
        return {}
    moments: list[dict[str, Any]] = [
        {"end": {"$gt": at[0]}},
        {"deleted": True, "ts": {"$gte": at[0]}},
    ]
    return {"$or": moments}
