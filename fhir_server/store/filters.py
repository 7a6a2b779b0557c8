"""Condition → MongoDB filter; equal to `search/match` by a property test.

User text only ever stands as a plain value or the operand of `$in`, `$gte` or `$lt`.
https://www.mongodb.com/docs/manual/reference/operator/query/
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain, product
from typing import Any, assert_never

from fhir_server.fhir.errors import Invalid
from fhir_server.search.condition import (
    And,
    AnyOf,
    Between,
    Condition,
    Contains,
    Element,
    Everything,
    Leaf,
    Not,
    Nothing,
    Or,
    Present,
    Within,
    one_element,
    renamed,
)
from fhir_server.search.match import EARTH_RADIUS

Filter = dict[str, Any]

# Of one element: each is an alternative of its own to the database.
_MOST_WAYS = 1_000

NOTHING: Filter = {"_id": {"$in": []}}


def checked(allow: Condition | None) -> Condition:
    """Give `allow` back; TypeError when it is no Condition, so that nothing runs undecided."""
    if allow is None or type(allow) not in _FILTERS:
        raise TypeError("The store runs no query without an access decision.")
    return allow


def to_filter(condition: Condition) -> Filter:
    """Give the filter that finds the index documents this condition holds for.

    Raises TypeError for a condition with an open question.
    """
    known = _FILTERS.get(type(condition))
    if known is None:
        raise TypeError(f"One document does not answer {type(condition).__name__}.")
    return known(condition)


def in_history(allow: Condition | None) -> Filter:
    """Give the filter of an access decision over history documents, whose `_id` is id/version."""
    return to_filter(renamed(checked(allow), lambda name: "id" if name == "_id" else name))


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


def _operators(leaf: Leaf) -> Filter:
    match leaf:
        case AnyOf():
            values = [_plain(value) for value in leaf.values]
            return {"$eq": values[0]} if len(values) == 1 else {"$in": values}
        case Between():
            ends = {"$gte": leaf.low, "$lt": leaf.high}
            kept = {name: _plain(end) for name, end in ends.items() if end is not None}
            return kept or {"$exists": True}
        case Contains():
            return {"$regex": re.escape(leaf.text)}
        case Within():
            centre = [leaf.longitude, leaf.latitude]
            return {"$geoWithin": {"$centerSphere": [centre, leaf.kilometres / EARTH_RADIUS]}}
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
    return {condition.field: {"$elemMatch": operators} if one_element(condition) else operators}


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


def _not(part: Condition) -> Filter:
    """Deny one field's comparison beside the field, where an index can still serve the others."""
    asked = to_filter(part)
    if len(asked) != 1 or next(iter(asked)).startswith("$"):
        return {"$nor": [asked]} if asked else NOTHING
    ((field, operators),) = asked.items()
    if operators == {"$exists": True}:
        return {field: {"$exists": False}}
    return {field: {"$not": operators} if isinstance(operators, dict) else {"$ne": operators}}


def _element(condition: Element) -> Filter:
    return _any([_inner(condition, way) for way in _ways(And(condition.parts))])


def _dotted(field: str, way: Filter) -> Filter:
    dotted = {f"{field}.{name}": operators for name, operators in way.items()}
    return dotted or {field: {"$exists": True}}


def _elem_match(field: str, way: Filter) -> Filter:
    return {field: {"$elemMatch": way}} if way else {f"{field}.0": {"$exists": True}}


def _ways(condition: Condition) -> list[Filter]:
    """Give the ways an element may meet the condition, each as operators by field.

    The embedded server takes no `$and`, `$or` or `$nor` inside `$elemMatch`.
    """
    match condition:
        case And():
            found = _together([_ways(part) for part in condition.parts])
        case Or():
            found = [way for part in condition.parts for way in _ways(part)]
        case AnyOf():
            values = [_plain(value) for value in condition.values]
            found = [{condition.field: {"$all" if len(values) == 1 else "$in": values}}]
        case Between() if one_element(condition):
            found = [{condition.field: {"$elemMatch": _operators(condition)}}]
        case Between() | Contains() | Within() | Present():
            found = [{condition.field: _operators(condition)}]
        case Element():
            found = [_inner(condition, way) for way in _ways(And(condition.parts))]
        case Everything():
            found = [{}]
        case Nothing():
            found = []
        case Not():
            found = _denied(condition.part)
        case _:
            raise TypeError(f"An element does not answer {type(condition).__name__}.")
    return found


def _inner(element: Element, way: Filter) -> Filter:
    return (_dotted if element.single else _elem_match)(element.field, way)


def _denied(condition: Condition) -> list[Filter]:
    """Give the ways an element may fail the condition: the denial moves down to the fields."""
    found: list[Filter]
    match condition:
        case And():
            found = _ways(Or(tuple(Not(part) for part in condition.parts)))
        case Or():
            found = _ways(And(tuple(Not(part) for part in condition.parts)))
        case Not():
            found = _ways(condition.part)
        case Everything():
            found = []
        case Nothing():
            found = [{}]
        case AnyOf():
            found = [{condition.field: {"$nin": [_plain(value) for value in condition.values]}}]
        case _:
            denials = [
                [{name: {"$not": asked}} for name, asked in way.items()] for way in _ways(condition)
            ]
            found = _together(denials)
    return found


def _together(several: Iterable[list[Filter]]) -> list[Filter]:
    """Give the ways to meet one way of each list."""
    found: list[Filter] = [{}]
    for ways in several:
        if len(found) * len(ways) > _MOST_WAYS:
            raise Invalid("Too many alternatives at once.", code="too-costly")
        found = ways if found == [{}] else [_merged(pair) for pair in product(found, ways)]
    return found


def _merged(ways: tuple[Filter, ...]) -> Filter:
    merged: Filter = {}
    for way in ways:
        for name, operators in way.items():
            known = merged.setdefault(name, {})
            for operator, value in operators.items():
                known.update(_both(known, operator, value))
    return merged


def _both(known: Filter, operator: str, value: Any) -> Filter:
    """Give one more operator beside what is known of a field that may be an array.

    What has no place beside its like is refused: `$and` cannot stand there.
    """
    if operator not in known:
        return {operator: value}
    other = known[operator]
    match operator:
        case "$gte":
            met = {"$gte": max(other, value)}
        case "$lt":
            met = {"$lt": min(other, value)}
        case "$nin":
            met = {"$nin": [*other, *value]}
        case "$exists":
            met = {}
        case "$all" if not isinstance(other[0], dict):
            met = {"$all": [*other, *value]}
        case "$in" if "$not" not in known:
            met = {"$not": {"$nin": value}}
        case "$elemMatch" if "$all" not in known:
            met = {"$all": [{"$elemMatch": value}]}
        case _:
            told = "So many questions about one parameter are not supported here."
            raise Invalid(told, code="not-supported")
    return met


_FILTERS: Mapping[type[Condition], Callable[[Any], Filter]] = {
    Everything: lambda _: {},
    Nothing: lambda _: NOTHING,
    AnyOf: _any_of,
    Contains: lambda leaf: {leaf.field: _operators(leaf)},
    Within: lambda leaf: {leaf.field: _operators(leaf)},
    Present: lambda leaf: {leaf.field: _operators(leaf)},
    Between: _between,
    Element: _element,
    And: lambda several: all_of([to_filter(part) for part in several.parts]),
    Or: lambda several: _any([to_filter(part) for part in several.parts]),
    Not: lambda one: _not(one.part),
}
