"""Reading: by id, several ids, a version, a search, a count; always under an access decision."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from operator import itemgetter
from types import MappingProxyType
from typing import Any

import msgspec
from pymongo.asynchronous.client_session import AsyncClientSession

from fhir_server.search.condition import AnyOf, Condition, Everything, both, is_open
from fhir_server.search.cursor import values_of
from fhir_server.search.query import SortKey
from fhir_server.store import chunks, joins
from fhir_server.store.documents import Document, Page, Stored, check_key, matched, portions, stored
from fhir_server.store.filters import all_of, checked, in_history, to_filter
from fhir_server.store.finding import find, taken
from fhir_server.store.horizon import Database
from fhir_server.store.joins import Joins
from fhir_server.store.order import direction, ordered

Sort = Sequence[SortKey]
# Gives by name what it finds, in one question for all of them: `read_many`, `versions`.
Ask = Callable[
    [Database, Condition, str, Collection[str], AsyncClientSession | None],
    Awaitable[Mapping[str, Stored]],
]
# What may be asked for together: how, who may read what, and of which type.
Key = tuple[Ask, Condition, str]

_BARE = {"v": 1, "body": 1, "chunks": 1}
_UNWATCHED = _BARE | {"ts": 1, "method": 1, "created": 1}
_WHOSE = {"x._patient": 1}
FIELDS = _UNWATCHED | _WHOSE
HISTORY_FIELDS = FIELDS | {"id": 1, "deleted": 1}
_ALL = Everything()


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


async def versions(
    database: Database,
    allow: Condition,
    type_: str,
    names: Collection[str],
    session: AsyncClientSession | None = None,
) -> dict[str, Stored]:
    """Give versions, current or superseded, by name: `id/version`.

    Left out is what never was, or is not for this caller.
    """
    check_key(type_)
    past = in_history(allow)
    rows: list[Document] = []
    for some in portions(names):
        ids, numbers = zip(*(name.split("/") for name in some), strict=True)
        live = {"_id": {"$in": ids}, "v": {"$in": list(map(int, numbers))}}
        asked = all_of([live, to_filter(checked(allow))])
        there = await find(database, type_, asked, FIELDS, session=session)
        current = {f"{row['_id']}/{row['v']}": row for row in there}
        rows += (current[name] for name in some if name in current)
        if missed := [name for name in some if name not in current]:
            asked = all_of([{"_id": {"$in": missed}}, past])
            rows += await find(database, f"{type_}_history", asked, HISTORY_FIELDS, session=session)
    whole = await chunks.joined(database, type_, rows, session)
    found = (stored(type_, row) for row in whole)
    return {f"{one.id}/{one.version}": one for one in found}


class Shown(msgspec.Struct, frozen=True):
    """What is read of each match: its body, `whose` it is, index fields by `names`.

    Unless it is `bare`, all else a Stored has.
    """

    whose: bool = True
    bare: bool = False
    names: Sequence[str] = ()

    def fields(self) -> Document:
        """Give it as a projection."""
        fields = (_BARE if self.bare else _UNWATCHED) | (_WHOSE if self.whose else {})
        return fields | {f"x.{name}": 1 for name in self.names}


_WHOLE = Shown()


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
    shown: Shown = _WHOLE,
) -> Page:
    """Give the first `limit` resources in this order, fewer where their bodies fill `size` bytes.

    Of each is read what is `shown`.
    No sort field may be missing in one resource and present in another, unless it is computed: see
    `search/cursor.Step`, also for `computed` and `rest`.
    """
    check_key(type_)
    condition = both(condition, checked(allow))
    if is_open(condition):
        order = ordered(sort, computed, rest)
        condition = await joins.narrowed(asked, type_, condition, order, limit + 1)
    fields = shown.fields() | {key.field: 1 for key in sort if key.field != "_id"}
    if computed:
        stages = [{"$match": to_filter(condition)}, *ordered(sort, computed, rest)]
        cursor = await asked.database[type_].aggregate(
            [*stages, {"$limit": limit + 1}, {"$project": fields}],
            session=asked.session,
            batchSize=limit + 1,
        )
        found = await taken(cursor, size)
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
    made = matched if shown.bare else stored
    return Page(
        tuple([made(type_, row) for row in whole]),
        more=len(found) > len(rows),
        first=_values(sort, rows[0]) if rows else (),
        last=_values(sort, rows[-1]) if rows else (),
        fields={row["_id"]: row.get("x", {}) for row in rows} if shown.names else {},
    )


def _values(sort: Sort, row: Document) -> tuple[Any, ...]:
    # The driver's long integers are a class of their own.
    return tuple(int(value) if isinstance(value, int) else value for value in values_of(sort, row))
