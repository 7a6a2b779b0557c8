"""Keyset paging: where a page ended, as a signed text, and what is asked for the pages around it.

An order is walked in steps; a page asks them one after the other until it is full. Whoever lacks a
value stands last, in both directions; MongoDB takes a missing field for the lowest. So a descending
order that an index can follow (`served`) is one step, an ascending one two: the documents that have
the field, then those that have not. Any other order has one step, sorted by values that the
database works out of each document that matches: `computed`.

    for step in steps(query.sort, position):
        page = await store.search(
            allow, type, both(query.condition, step.condition), step.sort, n,
            computed=step.computed, rest=step.rest,
        )

The next link is `seal(key, query, Position(step.number, page.last))`, the previous one the same
with `page.first` and `back`, from where the steps are walked in reverse. A document that matches
throughout, and keeps its sort values, is met exactly once, whatever is written in the meantime.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeAlias

import msgspec
from msgspec import structs

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
Sort: TypeAlias = tuple[SortKey, ...]

_ALL = Everything()

# What may change between pages: it shapes the page, not the walk.
FREE = ("_count", "_format", "_pretty", "_summary", "_elements", "_total", "__explain")


class Position(msgspec.Struct, frozen=True):
    """A row: its step, its sort values there, and the walk's time bound.

    What follows it is meant, or with `back` what is before it; without values all there is, from
    the start or, with `back`, from the end. `bound` (us since the epoch) is when the first page was
    read; it ends a walk in the order of lastUpdated, which would otherwise run after its own tail
    for ever. None: no bound.
    """

    step: int
    values: tuple[Value, ...] = ()
    bound: int | None = None
    back: bool = False


class Step(msgspec.Struct, frozen=True):
    """One part of the order: documents that meet `condition`, sorted by `sort`.

    `computed` are the keys whose value is worked out of each document, by the name of the field it
    gets; beside it the field `missing(name)` is 1 where there is none, else 0. `sort` and `rest`,
    which holds for the rows still to come, may ask for those fields.
    """

    number: int
    condition: Condition
    sort: Sort
    computed: Mapping[str, SortKey] = msgspec.field(default_factory=dict)
    rest: Condition = _ALL


def missing(name: str) -> str:
    """Give the field that says whether a computed one has no value."""
    return f"{name}_missing"


def steps(
    sort: Sequence[SortKey], position: Position | None = None, *, bound: int | None = None
) -> tuple[Step, ...]:
    """Give the steps from a position on, in the order they are walked.

    `bound` is for the first page; later pages take it from the position.
    """
    position = position or Position(0, bound=bound)
    order = tuple(sort)
    parts = _walk(order, back=position.back)
    if position.bound is not None and any(key.field == "ts" for key in order):
        limit = Between("ts", None, position.bound + 1)
        parts = tuple(
            structs.replace(step, condition=both(step.condition, limit)) for step in parts
        )
    if not position.values:
        return parts
    numbers = [step.number for step in parts]
    if position.step not in numbers:
        raise broken()
    first, *others = parts[numbers.index(position.step) :]
    return (structs.replace(first, rest=after(first.sort, position.values)), *others)


@lru_cache(maxsize=512)
def _walk(sort: Sort, *, back: bool) -> tuple[Step, ...]:
    """Give the steps of an order from its start or, with `back`, from its end."""
    parts = [
        Step(number, condition, _reversed(order) if back else order, computed)
        for number, (condition, order, computed) in enumerate(_parts(sort))
    ]
    return tuple(reversed(parts) if back else parts)


def after(sort: Sequence[SortKey], values: Sequence[Value]) -> Condition:
    """Hold for what is sorted behind the row with these sort values.

    None stands for no value: all rows without one are equal in that key, and below any value where
    the key is nullable. Raises Invalid unless there are as many values as keys.
    """
    if len(values) != len(sort):
        raise broken()
    ways = []
    same: Condition = Everything()
    for key, value in zip(sort, values, strict=True):
        if value is not None or key.nullable:
            ways.append(both(same, _behind(key, value)))
            same = both(same, _at(key, value))
    return both(_at_or_behind(sort[0], values[0]), either(*ways))


def values_of(sort: Sequence[SortKey], row: Mapping[str, Any]) -> tuple[Any, ...]:
    """Give a row's values in the keys of a step; None where there is none."""
    return tuple([_value(row, key.field) for key in sort])


def _value(row: Mapping[str, Any], field: str) -> Any:
    value: Any = row
    for name in field.split("."):
        if not isinstance(value, dict):
            break
        value = value.get(name)
    else:
        if not isinstance(value, list):
            return value
    return next(iter(values_at(row, field)), None)


def seal(key: bytes, query: SearchQuery, position: Position) -> str:
    """Give the text of `_page`: the position, bound to this query."""
    place = (position.step, position.values, position.bound, position.back)
    return sealed(key, _question(query), place)


def unseal(key: bytes, query: SearchQuery) -> Position | None:
    """Give the position in `query.after`, None for a first page.

    Raises Invalid (400) unless the text was made by `seal` with this key for this query.
    """
    if query.after is None:
        return None
    # A link from before there were previous pages has no direction.
    step, values, bound, *back = opened(key, _question(query), query.after)
    return Position(step, tuple(values), bound, back=bool(back and back[0]))


def served(sort: Sequence[SortKey]) -> bool:
    """Say whether an index can follow the order: no key is an array, only the first may lack."""
    return all(key.single for key in sort) and not any(key.nullable for key in sort[1:])


def _question(query: SearchQuery) -> list[object]:
    return [query.path, *(pair for pair in query.applied if pair[0] not in FREE)]


def _parts(sort: Sort) -> Iterator[tuple[Condition, Sort, Mapping[str, SortKey]]]:
    first, rest = sort[0], sort[1:]
    if not served(sort):
        yield Everything(), *_computed(sort)
    elif first.descending or not first.nullable:
        yield Everything(), sort, {}
    else:
        yield Present(first.field), (structs.replace(first, nullable=False), *rest), {}
        yield Not(Present(first.field)), rest, {}


def _computed(sort: Sort) -> tuple[Sort, Mapping[str, SortKey]]:
    order: list[SortKey] = []
    computed: dict[str, SortKey] = {}
    for number, key in enumerate(sort):
        if key.single and not key.nullable:
            order.append(key)
            continue
        name = f"s{number}"
        computed[name] = key
        value = SortKey(name, key.descending, nullable=False)
        order += (SortKey(missing(name), nullable=False), value)
    return tuple(order), computed


def _reversed(sort: Sort) -> Sort:
    return tuple(structs.replace(key, descending=not key.descending) for key in sort)


def _at(key: SortKey, value: Value) -> Condition:
    return Not(Present(key.field)) if value is None else AnyOf(key.field, (value,))


def _behind(key: SortKey, value: Value) -> Condition:
    if value is None:
        return Nothing() if key.descending else Present(key.field)
    low, high = (None, value) if key.descending else (_next(value), None)
    further = Between(key.field, low, high, single=True)
    lowest = key.nullable and key.descending
    return either(further, Not(Present(key.field))) if lowest else further


def _at_or_behind(key: SortKey, value: Value) -> Condition:
    """Give a bound an index can start from; it says no more than the ways that follow it."""
    if value is None:
        return Not(Present(key.field)) if key.nullable and key.descending else Everything()
    if key.descending and key.nullable:
        return Not(Between(key.field, _next(value), None, single=True))
    low, high = (None, _next(value)) if key.descending else (value, None)
    return Between(key.field, low, high, single=True)


def _next(value: str | int) -> str | int:
    return value + 1 if isinstance(value, int) else value + "\0"
