"""What was, of all types: their versions merged, newest first.

https://hl7.org/fhir/R4/http.html#history
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from heapq import nlargest
from itertools import chain, groupby
from operator import itemgetter

from pymongo.asynchronous.client_session import AsyncClientSession

from fhir_server.search.condition import Condition
from fhir_server.store import chunks, history
from fhir_server.store.documents import Document, Stored, check_key, stored
from fhir_server.store.filters import all_of, checked, in_history, to_filter
from fhir_server.store.finding import find
from fhir_server.store.history import Span
from fhir_server.store.horizon import Database
from fhir_server.store.reads import FIELDS, HISTORY_FIELDS

# (ts, type, id, version): no two versions have the same first three.
Key = tuple[int, str, str, int]

_KEY_FIELDS = {"id": 1, "ts": 1, "v": 1}
# Types asked at the same time, and versions whose bodies are fetched at the same time.
_AT_ONCE, _BODIES = 16, 25
# Every id is before this, and none before the empty text.
_ANY_ID, _NO_ID = "~", ""


async def system_history(
    database: Database,
    allowed: Mapping[str, Condition],
    span: Span,
    before: tuple[int, str, str] | None = None,
    *,
    limit: int,
    size: int | None = None,
    session: AsyncClientSession | None = None,
) -> list[Stored]:
    """Give at most `limit` versions of the types in `allowed`, in descending (ts, type, id).

    They are fewer where their bodies fill `size` bytes. `before`: the (ts, type, id) of the last
    row seen. First only keys are read, then the bodies of those that are newest.
    """
    for allow in allowed.values():
        checked(allow)
    listed = await _keys(database, allowed, span, before, limit=limit, session=session)
    made: list[Stored] = []
    full = 0
    for start in range(0, len(listed), _BODIES):
        for version in await _bodies(database, allowed, listed[start : start + _BODIES], session):
            made.append(version)
            full += len(version.body or b"")
            if size is not None and full >= size:
                return made
    return made


async def _keys(
    database: Database,
    allowed: Mapping[str, Condition],
    span: Span,
    before: tuple[int, str, str] | None,
    *,
    limit: int,
    session: AsyncClientSession | None = None,
) -> list[Key]:
    """Give the newest keys: of the types the newest commits name, of all where that is too few.

    What a transaction wrote itself is in no commit yet.
    """
    if span.at is None and session is None:
        types, oldest = await _committed(database, span.since, before, limit)
        named = {type_: allow for type_, allow in allowed.items() if type_ in types}
        found = await _of_types(database, named, span, before, limit=limit)
        if oldest is None or (len(found) == limit and found[-1][0] >= oldest):
            return found
    return await _of_types(database, allowed, span, before, limit=limit, session=session)


async def _committed(
    database: Database, since: int | None, before: tuple[int, str, str] | None, limit: int
) -> tuple[set[str], int | None]:
    """Give the types of the newest `limit` changes, and the ts back to which they are complete.

    None: there are no older commits between the bounds.
    """
    ends = {"$gte": since or 0} | ({"$lte": before[0]} if before else {})
    types: set[str] = set()
    seen = 0
    cursor = database.commits.find({"_id": ends}, {"c": 1}).sort("_id", -1).batch_size(limit)
    async with cursor:
        async for row in cursor:
            types |= {change[0] for change in row["c"]}
            # What was told of the commit at `before` is not told again.
            seen += 0 if before and row["_id"] == before[0] else len(row["c"])
            if seen >= limit:
                return types, row["_id"]
    return types, None


async def _of_types(
    database: Database,
    allowed: Mapping[str, Condition],
    span: Span,
    before: tuple[int, str, str] | None,
    *,
    limit: int,
    session: AsyncClientSession | None = None,
) -> list[Key]:
    # A session is asked one thing at a time.
    gate = asyncio.Semaphore(1 if session else _AT_ONCE)

    async def keys(type_: str) -> list[Key]:
        check_key(type_)
        part = replace(span, before=_before(type_, before))
        async with gate:
            found = await history.rows(
                database, allowed[type_], type_, part, _KEY_FIELDS, limit=limit, session=session
            )
        return [(row["ts"], type_, row.get("id") or row["_id"], row["v"]) for row in found]

    return nlargest(limit, chain(*await asyncio.gather(*map(keys, allowed))))


def _before(type_: str, before: tuple[int, str, str] | None) -> tuple[int, str] | None:
    """Give where one type goes on: types come in descending order within a ts."""
    if before is None:
        return None
    ts, last, id_ = before
    if type_ == last:
        return ts, id_
    return ts, _ANY_ID if type_ < last else _NO_ID


async def _bodies(
    database: Database,
    allowed: Mapping[str, Condition],
    keys: Sequence[Key],
    session: AsyncClientSession | None,
) -> list[Stored]:
    """Give these versions, in this order; what was purged in the meantime is left out."""
    found: dict[tuple[str, str, int], Stored] = {}
    for type_, of_type in groupby(sorted(keys, key=itemgetter(1)), key=itemgetter(1)):
        wanted = [(id_, version) for _, _, id_, version in of_type]
        for row in await _documents(database, allowed[type_], type_, wanted, session):
            version = stored(type_, row)
            found[type_, version.id, version.version] = version
    return [found[key[1:]] for key in keys if key[1:] in found]


async def _documents(
    database: Database,
    allow: Condition,
    type_: str,
    wanted: Sequence[tuple[str, int]],
    session: AsyncClientSession | None,
) -> Sequence[Document]:
    ids = [id_ for id_, _ in wanted]
    live = all_of([{"_id": {"$in": ids}}, to_filter(checked(allow))])
    rows = await find(database, type_, live, FIELDS, session=session)
    current = {(row["_id"], row["v"]) for row in rows}
    names = [f"{id_}/{version}" for id_, version in wanted if (id_, version) not in current]
    if names:
        past = all_of([{"_id": {"$in": names}}, in_history(allow)])
        past_ = f"{type_}_history"
        rows += await find(database, past_, past, HISTORY_FIELDS, session=session)
    return await chunks.joined(database, type_, rows, session)
