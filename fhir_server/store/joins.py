"""Joins: what a search asks of other resources, answered ahead where the answer is short.

The inner side is asked first, for one key more than may stand in the outer query. As many or fewer
become a plain condition; where there are more, the join stays for `store/lookup`.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from msgspec import structs
from pymongo.asynchronous.client_session import AsyncClientSession

from fhir_server.fhir.errors import Unprocessable
from fhir_server.search.condition import (
    And,
    AnyOf,
    Chained,
    Condition,
    Element,
    Not,
    Nothing,
    Or,
    Referring,
    Subtree,
    both,
    either,
    is_open,
)
from fhir_server.search.plan import Keys, plan
from fhir_server.store.client import LANES, bounded
from fhir_server.store.documents import Document, check_key, portions
from fhir_server.store.filters import to_filter
from fhir_server.store.finding import find
from fhir_server.store.horizon import Database
from fhir_server.store.lookup import Stage, answers, pipeline

MAX_LEVELS = 32
# Resources that are found without their joins: as many are rather asked one by one.
FEW = 100


@dataclass(frozen=True, slots=True)
class Bounds:
    """How many keys a join may put into another query, how long a search may take (s).

    `lanes`: how many connections finds may have beside the driver (store/lane).
    """

    join_limit: int = 1_000
    seconds: float = 3.0
    lanes: int = LANES


BOUNDS = Bounds()


class Joins(msgspec.Struct, frozen=True):
    """Where joins are asked; `indexes` are those of the type that is searched, where known."""

    database: Database
    bounds: Bounds = BOUNDS
    session: AsyncClientSession | None = None
    indexes: tuple[Keys, ...] = ()


async def settled(joins: Joins, type_: str, condition: Condition) -> Condition:
    """Give what a condition on a type comes to when its joins are answered, where that is short.

    Joins that are left have too many keys: `rows` finds by them. Raises Unprocessable (too-costly)
    for a hierarchy that is too large, and when it takes too long.
    """
    if not is_open(condition):
        return condition
    async with bounded(joins.database, joins.bounds.seconds):
        few = await _few(joins, type_, condition)
        return await _settled(joins, type_, condition) if few is None else few


async def _few(joins: Joins, type_: str, condition: Condition) -> Condition | None:
    """Give the condition with the ids its plain part leaves, where an index finds them to be few.

    Their joins are looked up then: less is read than the other side would give. None otherwise.
    """
    if not isinstance(condition, And) or not answers(condition):
        return None
    asked = [part for part in condition.parts if is_open(part)]
    plain = both(*(part for part in condition.parts if not is_open(part)))
    if not plan(plain, (), joins.indexes).equal:
        return None
    found = [row["_id"] for row in await _listed(joins, type_, plain, {"_id": 1}, FEW + 1)]
    return both(_any_of("_id", found), *asked) if len(found) <= FEW else None


async def plain(joins: Joins, type_: str, condition: Condition) -> Condition:
    """Do as `settled`; what is left is too much. Raises Unprocessable (too-costly)."""
    found = await settled(joins, type_, condition)
    if is_open(found):
        raise _too_many(joins)
    return found


async def rows(
    joins: Joins, type_: str, condition: Condition, fields: Mapping[str, Any], limit: int
) -> list[Document]:
    """Give these fields of at most `limit` documents a condition holds for, in no order.

    Raises Unprocessable (too-costly) when joins in it take too long.
    """
    if not is_open(condition):
        return await _listed(joins, type_, condition, fields, limit)
    async with bounded(joins.database, joins.bounds.seconds):
        return await _listed(joins, type_, condition, fields, limit)


async def narrowed(
    joins: Joins, type_: str, condition: Condition, order: Sequence[Stage], limit: int
) -> Condition:
    """Give a plain condition that has the same first `limit` documents in this order.

    Raises Unprocessable (too-costly) when joins in it take too long.
    """
    stages = [*pipeline(type_, condition, order), {"$limit": limit}, {"$project": {"_id": 1}}]
    async with bounded(joins.database, joins.bounds.seconds):
        cursor = await joins.database[type_].aggregate(stages, session=joins.session)
        return AnyOf("_id", tuple(row["_id"] for row in await cursor.to_list()))


async def count(joins: Joins, type_: str, condition: Condition, max_ms: int) -> int | None:
    """Count what a condition with joins holds for; None when that takes over `max_ms`."""
    stages = [*pipeline(type_, condition), {"$count": "n"}]
    try:
        async with bounded(joins.database, max_ms / 1000):
            cursor = await joins.database[type_].aggregate(stages, session=joins.session)
            found = await cursor.to_list()
    except Unprocessable:
        return None
    return int(found[0]["n"]) if found else 0


async def _settled(joins: Joins, type_: str, condition: Condition) -> Condition:
    match condition:
        case And() | Or() | Element():
            return await _parts(joins, type_, condition)
        case Not():
            return Not(await _settled(joins, type_, condition.part))
        case Chained():
            return await _chained(joins, condition)
        case Referring():
            return await _referring(joins, type_, condition)
        case Subtree():
            return await _subtree(joins, condition)
        case _:
            return condition


async def _parts(joins: Joins, type_: str, condition: And | Or | Element) -> Condition:
    parts: list[Condition] = []
    # What is plain stands first: the embedded server's planner looks at the first on a field.
    for part in sorted(condition.parts, key=is_open):
        parts.append(await _settled(joins, type_, part) if is_open(part) else part)
        if isinstance(parts[-1], Nothing) and not isinstance(condition, Or):
            return Nothing()
    match condition:
        case And():
            return both(*parts)
        case Or():
            return either(*parts)
        case Element():
            if any(map(is_open, parts)):
                raise _too_many(joins)
            return structs.replace(condition, parts=tuple(parts))


async def _chained(joins: Joins, join: Chained) -> Condition:
    inner = await _settled(joins, join.type, join.condition)
    wanted = {"x.url": 1} if join.by_url else {"_id": 1}
    limit = joins.bounds.join_limit
    found = await _listed(joins, join.type, inner, wanted, limit + 1)
    if len(found) > limit:
        return structs.replace(join, condition=inner)
    names = dict.fromkeys(name for row in found for name in _names(join.type, row))
    return _any_of(join.field, list(names))


async def _referring(joins: Joins, type_: str, join: Referring) -> Condition:
    inner = await _settled(joins, join.type, join.condition)
    found = _rows(joins, join.type, inner, {join.field: 1}, joins.bounds.join_limit + 1)
    targets: dict[str, None] = {}
    read = 0
    # One of them may name thousands: a List, a Group.
    async for row in found:
        read += 1
        targets |= dict.fromkeys(_texts(row, join.field))
        if max(read, len(targets)) > joins.bounds.join_limit:
            return structs.replace(join, condition=inner)
    prefix = f"{type_}/"
    ids = [one.removeprefix(prefix) for one in targets if one.startswith(prefix)]
    urls = [one for one in targets if ":" in one] if join.by_url else []
    return either(_any_of("_id", ids), _any_of("x.url", urls))


async def _subtree(joins: Joins, join: Subtree) -> Condition:
    """Walk the hierarchy level by level, from the resources named.

    Raises Unprocessable (too-costly) where it is too deep or too wide.
    """
    found: dict[str, None] = {}
    level = list(join.ids)
    for _ in range(MAX_LEVELS):
        found |= dict.fromkeys(level)
        if len(found) > joins.bounds.join_limit:
            raise _too_many(joins)
        step = [id_ async for some in _steps(joins, join, level) for id_ in some]
        level = [id_ for id_ in dict.fromkeys(step) if id_ not in found]
        if not level:
            return AnyOf(join.field, tuple(f"{join.type}/{id_}" for id_ in found))
    told = f"This hierarchy of {join.type} is deeper than {MAX_LEVELS} levels."
    raise Unprocessable(told, code="too-costly")


async def _steps(joins: Joins, join: Subtree, level: Sequence[str]) -> AsyncIterator[list[str]]:
    """Yield the ids one step below the level, or above it."""
    prefix = f"{join.type}/"
    for some in portions(level):
        if join.way == "below":
            from_: Condition = AnyOf(join.parent, tuple(f"{prefix}{id_}" for id_ in some))
        else:
            from_ = AnyOf("_id", tuple(some))
        asked = both(from_, join.condition)
        limit = joins.bounds.join_limit + 1
        async for row in _rows(joins, join.type, asked, {join.parent: 1}, limit):
            if join.way == "below":
                yield [row["_id"]]
            else:
                texts = _texts(row, join.parent)
                yield [one.removeprefix(prefix) for one in texts if one.startswith(prefix)]


async def _listed(
    joins: Joins, type_: str, condition: Condition, fields: Mapping[str, Any], limit: int
) -> list[Document]:
    check_key(type_)
    if is_open(condition):
        return [row async for row in _rows(joins, type_, condition, fields, limit)]
    if isinstance(condition, Nothing):
        return []
    filter_ = to_filter(condition)
    return await find(joins.database, type_, filter_, fields, limit=limit, session=joins.session)


async def _rows(
    joins: Joins, type_: str, condition: Condition, fields: Mapping[str, Any], limit: int
) -> AsyncIterator[Document]:
    check_key(type_)
    if isinstance(condition, Nothing):
        return
    collection = joins.database[type_]
    if is_open(condition):
        stages = [*pipeline(type_, condition), {"$limit": limit}, {"$project": fields}]
        cursor = await collection.aggregate(stages, session=joins.session)
        async with cursor:
            async for row in cursor:
                yield row
        return
    filter_ = to_filter(condition)
    found = collection.find(filter_, fields, limit=limit, session=joins.session)
    async with found:
        async for row in found:
            yield row


def _any_of(field: str, values: Sequence[str]) -> Condition:
    return AnyOf(field, tuple(values)) if values else Nothing()


def _names(type_: str, row: Document) -> list[str]:
    """Give what may refer to a resource: its id, its canonical URL."""
    return [f"{type_}/{row['_id']}", *_texts(row, "x.url")]


def _texts(row: Document, field: str) -> list[str]:
    value = row.get("x", {}).get(field.removeprefix("x."), [])
    return value if isinstance(value, list) else [value]


def _too_many(joins: Joins) -> Unprocessable:
    told = (
        f"A chain, _has or hierarchy leads to more than {joins.bounds.join_limit} resources, more "
        "than can be asked for here. Narrow it."
    )
    return Unprocessable(told, code="too-costly")
