"""Condition → MongoDB filter; equal to `search/match` by a property test.

User text only ever stands as a plain value or the operand of `$in`, `$gte` or `$lt`.
https://www.mongodb.com/docs/manual/reference/operator/query/
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import chain, product
from typing import Any, assert_never

from fhir_server.search.condition import (
    And,
    AnyOf,
    Between,
    Condition,
    Element,
    Everything,
    Not,
    Nothing,
    Or,
    Present,
)

Filter = dict[str, Any]

NOTHING: Filter = {"_id": {"$in": []}}


def checked(allow: Condition | None) -> Condition:
    """Give `allow` back; TypeError when it is no Condition, so that nothing runs undecided."""
    if allow is None or type(allow) not in _FILTERS:
        raise TypeError("The store runs no query without an access decision.")
    return allow


def to_filter(condition: Condition) -> Filter:
    """Give the filter that finds the index documents this condition holds for."""
    return _FILTERS[type(condition)](condition)


def in_history(allow: Condition | None) -> Filter:
    """Give the filter of an access decision over history documents, whose `_id` is id/version."""
    return to_filter(_with_id(checked(allow)))


def all_of(parts: Iterable[Filter]) -> Filter:
    """Give the conjunction: predicates on different fields side by side, the rest under `$and`.

    The embedded server's planner looks for an index only at what stands side by side.
    """
    merged: Filter = {}
    rest: list[Filter] = []
    for name, asked in chain.from_iterable(map(_conjuncts, parts)):
        if name in merged or name.startswith("$"):
            rest.append({name: asked})
        else:
            merged[name] = asked
    if not rest:
        return merged
    return {**merged, "$and": rest} if merged or len(rest) > 1 else rest[0]


def _with_id(condition: Condition) -> Condition:
    match condition:
        case And() | Or():
            return replace(condition, parts=tuple(_with_id(part) for part in condition.parts))
        case Not():
            return Not(_with_id(condition.part))
        case AnyOf() | Between() | Present() if condition.field == "_id":
            return replace(condition, field="id")
        case _:
            return condition


def _operators(leaf: AnyOf | Between | Present) -> Filter:
    match leaf:
        case AnyOf():
            values = [_plain(value) for value in leaf.values]
            return {"$eq": values[0]} if len(values) == 1 else {"$in": values}
        case Between():
            ends = {"$gte": leaf.low, "$lt": leaf.high}
            kept = {name: _plain(end) for name, end in ends.items() if end is not None}
            return kept or {"$exists": True}
        case Present():
            return {"$exists": True}
        case _:
            assert_never(leaf)


def _plain(value: Any) -> Any:
    if type(value) not in (str, int, bool, float, bytes):
        raise TypeError("A condition compares with text, numbers, booleans and bytes only.")
    return value


def _any_of(condition: AnyOf) -> Filter:
    # A bare value, not $eq: the embedded server's planner joins only that with a range.
    if len(condition.values) == 1:
        return {condition.field: _plain(condition.values[0])}
    return {condition.field: _operators(condition)}


def _between(condition: Between) -> Filter:
    operators = _operators(condition)
    # In an array, MongoDB lets two different elements meet the two ends of a plain range.
    one_element = len(operators) > 1 and not condition.single and condition.field.startswith("x.")
    return {condition.field: {"$elemMatch": operators} if one_element else operators}


def _conjuncts(part: Filter) -> Iterator[tuple[str, Any]]:
    for name, asked in part.items():
        if name == "$and":
            yield from chain.from_iterable(map(_conjuncts, asked))
        else:
            yield name, asked


def _any(parts: list[Filter]) -> Filter:
    if not parts:
        return NOTHING
    if not all(parts):
        return {}
    return parts[0] if len(parts) == 1 else {"$or": parts}


def _none(part: Filter) -> Filter:
    return {"$nor": [part]} if part else NOTHING


def _element(condition: Element) -> Filter:
    ways = _ways(And(condition.parts))
    if condition.single:
        return _any([_dotted(condition.field, way) for way in ways])
    return _any([_elem_match(condition.field, way) for way in ways])


def _dotted(field: str, way: Filter) -> Filter:
    if not way:
        return {field: {"$exists": True}}
    return all_of([{f"{field}.{name}": operators} for name, operators in way.items()])


def _elem_match(field: str, way: Filter) -> Filter:
    return {field: {"$elemMatch": way}} if way else {f"{field}.0": {"$exists": True}}


def _ways(condition: Condition) -> list[Filter]:
    """Give the ways an element may meet the condition, each as operators by field.

    The embedded server takes no `$and`, `$or` or `$nor` inside `$elemMatch`.
    """
    match condition:
        case And():
            several = product(*(_ways(part) for part in condition.parts))
            found = [_merged(ways) for ways in several]
        case Or():
            found = [way for part in condition.parts for way in _ways(part)]
        case AnyOf():
            found = [{condition.field: {"$in": [_plain(value) for value in condition.values]}}]
        case Between() | Present():
            found = [{condition.field: _operators(condition)}]
        case Everything():
            found = [{}]
        case Nothing():
            found = []
        case Not(part=AnyOf() | Between() | Present() as leaf):
            found = [{leaf.field: {"$not": _operators(leaf)}}]
        case _:
            raise TypeError("An element's parts are plain comparisons.")
    return found


def _merged(ways: tuple[Filter, ...]) -> Filter:
    merged: Filter = {}
    for way in ways:
        for name, operators in way.items():
            known = merged.setdefault(name, {})
            for operator, value in operators.items():
                if operator in known:
                    known[operator] = _both(operator, known[operator], value)
                else:
                    known[operator] = value
    return merged


def _both(operator: str, one: Any, other: Any) -> Any:
    match operator:
        case "$gte":
            return max(one, other)
        case "$lt":
            return min(one, other)
        case "$in":
            return [value for value in one if value in other]
        case "$exists":
            return True
        case _:
            raise TypeError("An element's parts deny two things of one field.")


_FILTERS: Mapping[type[Condition], Callable[[Any], Filter]] = {
    Everything: lambda _: {},
    Nothing: lambda _: NOTHING,
    AnyOf: _any_of,
    Present: lambda leaf: {leaf.field: _operators(leaf)},
    Between: _between,
    Element: _element,
    And: lambda several: all_of([to_filter(part) for part in several.parts]),
    Or: lambda several: _any([to_filter(part) for part in several.parts]),
    Not: lambda one: _none(to_filter(one.part)),
}
