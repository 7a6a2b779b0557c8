"""Keyset paging: where a page ended, as a signed text, and the Condition for what follows.

MongoDB puts a missing field first in ascending order; FHIR readers want it last. So an order is
walked in steps: first the documents that have the leading key, then those that have not, in the
order of the keys that are left. A page asks the steps one after the other until it is full:

    for step in steps(query.sort, position):
        page = await store.search(allow, type, both(query.condition, step.condition), step.sort, n)

and its next link is `seal(key, query, Position(step.number, values_of(step.sort, last_document)))`.
Among documents equal in the keys before it, a later key stands in MongoDB's own order. A document
that matches throughout, and keeps its sort values, is met exactly once, whatever is written in
the meantime.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from fhir_server.search.condition import (
    AnyOf,
    Between,
    Condition,
    Everything,
    Not,
    Nothing,
    Present,
    both,
    either,
)
from fhir_server.search.match import values_at
from fhir_server.search.query import SearchQuery, SortKey
from fhir_server.search.seal import broken
from fhir_server.search.seal import seal as sealed
from fhir_server.search.seal import unseal as opened

Value: TypeAlias = str | int | None

# What may change between pages: it shapes the page, not the walk.
FREE = ("_count", "_format", "_pretty", "_summary", "_elements")


@dataclass(frozen=True, slots=True)
class Position:
    """The last row of a page: its step, its sort values there, and the walk's time bound.

    `bound` (us since the epoch) is when the first page was read; it ends a walk in the order of
    lastUpdated, which would otherwise run after its own tail for ever. None: no bound.
    """

    step: int
    values: tuple[Value, ...]
    bound: int | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One part of the order: documents that meet `condition`, sorted by `sort`."""

    number: int
    condition: Condition
    sort: tuple[SortKey, ...]


def steps(
    sort: Sequence[SortKey], position: Position | None = None, *, bound: int | None = None
) -> tuple[Step, ...]:
    """Give the steps of an order, from the start or from after `position`.

    `bound` is for the first page; later pages take it from the position.
    """
    if position is not None:
        bound = position.bound
    limit: Condition = Everything()
    if bound is not None and any(key.field == "ts" for key in sort):
        limit = Between("ts", None, bound + 1)
    start = position.step if position else 0
    found = []
    for number, (condition, kept) in enumerate(_split(tuple(sort))):
        if number < start:
            continue
        rest = after(kept, position.values) if position and number == start else Everything()
        found.append(Step(number, both(condition, limit, rest), kept))
    return tuple(found)


def after(sort: Sequence[SortKey], values: Sequence[Value]) -> Condition:
    """Hold for the documents MongoDB sorts behind the row with these sort values.

    None stands for a missing field. Raises Invalid unless there are as many values as keys.
    """
    if len(values) != len(sort):
        raise broken()
    ways = []
    same: Condition = Everything()
    for key, value in zip(sort, values, strict=True):
        ways.append(both(same, _behind(key, value)))
        same = both(same, _at(key, value))
    return both(_at_or_behind(sort[0], values[0]), either(*ways))


def values_of(sort: Sequence[SortKey], document: Mapping[str, Any]) -> tuple[Any, ...]:
    """Give a document's sort values: of an array the lowest, descending the highest."""
    return tuple(
        (max if key.descending else min)(values_at(document, key.field), default=None)
        for key in sort
    )


def seal(key: bytes, query: SearchQuery, position: Position) -> str:
    """Give the text of `_page`: the position, bound to this query."""
    return sealed(key, _question(query), (position.step, position.values, position.bound))


def unseal(key: bytes, query: SearchQuery) -> Position | None:
    """Give the position in `query.after`, None for a first page.

    Raises Invalid (400) unless the text was made by `seal` with this key for this query.
    """
    if query.after is None:
        return None
    step, values, bound = opened(key, _question(query), query.after)
    return Position(step, tuple(values), bound)


def _question(query: SearchQuery) -> list[object]:
    return [query.path, *(pair for pair in query.applied if pair[0] not in FREE)]


def _split(sort: tuple[SortKey, ...]) -> Iterator[tuple[Condition, tuple[SortKey, ...]]]:
    first, rest = sort[0], sort[1:]
    if not first.nullable:
        yield Everything(), sort
        return
    present = Present(first.field)
    yield present, (replace(first, nullable=False), *rest)
    for condition, kept in _split(rest):
        yield both(Not(present), condition), kept


def _at(key: SortKey, value: Value) -> Condition:
    if value is None:
        return Not(Present(key.field))
    here = AnyOf(key.field, (value,))
    return here if key.single else both(here, Not(_before(key, value)))


def _behind(key: SortKey, value: Value) -> Condition:
    """Hold where the key sorts behind the value; a missing one is below every value."""
    if value is None:
        return Nothing() if key.descending else Present(key.field)
    if key.single:
        further = _beyond(key, value, descending=key.descending)
        absent = Not(Present(key.field))
        return either(further, absent) if key.nullable and key.descending else further
    none_before = both(Not(AnyOf(key.field, (value,))), Not(_before(key, value)))
    there = key.nullable and not key.descending
    return both(Present(key.field), none_before) if there else none_before


def _at_or_behind(key: SortKey, value: Value) -> Condition:
    """Give a bound an index can start from; it says no more than the ways that follow it."""
    if value is None or key.nullable or not key.single:
        return Everything()
    low, high = (None, _next(value)) if key.descending else (value, None)
    return Between(key.field, low, high, single=True)


def _before(key: SortKey, value: str | int) -> Condition:
    """Hold for an array with an element that sorts before `value`: that row came earlier."""
    return _beyond(key, value, descending=not key.descending)


def _beyond(key: SortKey, value: str | int, *, descending: bool) -> Condition:
    low, high = (None, value) if descending else (_next(value), None)
    return Between(key.field, low, high, single=key.single)


def _next(value: str | int) -> str | int:
    return value + 1 if isinstance(value, int) else value + "\0"
