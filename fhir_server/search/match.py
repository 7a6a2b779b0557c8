"""Evaluate a Condition on one index document, exactly as MongoDB does with its filter.

Used where a write is judged before it is stored, and by tests against the database.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import asin, cos, radians, sin, sqrt
from typing import Any, assert_never

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
)

# Of the sphere that MongoDB's radians are a part of, in km.
EARTH_RADIUS = 6378.1


def matches(condition: Condition, document: Mapping[str, Any]) -> bool:
    """Say whether the condition holds for an index document `{_id, ts, x, …}`.

    Raises TypeError for a condition with an open question.
    """
    match condition:
        case Everything() | Nothing():
            return isinstance(condition, Everything)
        case And():
            return all(matches(part, document) for part in condition.parts)
        case Or():
            return any(matches(part, document) for part in condition.parts)
        case Not():
            return not matches(condition.part, document)
        case Element():
            return _element(condition, document)
        case AnyOf() | Between() | Contains() | Within() | Present():
            return _leaf(condition, document)
        case _:
            raise TypeError(f"One document does not answer {type(condition).__name__}.")


def by_condition(
    conditions: Iterable[Condition], documents: Sequence[Mapping[str, Any]]
) -> dict[Condition, list[str]]:
    """Give for each condition the `_id`s of the documents it holds for, in their order.

    Conditions on one value of one field, which most are, cost one look each.
    """
    found: dict[Condition, list[str]] = {}
    tables: dict[str, dict[Any, list[str]]] = {}
    for condition in conditions:
        if isinstance(condition, AnyOf):
            if condition.field not in tables:
                tables[condition.field] = _by_value(condition.field, documents)
            table = tables[condition.field]
            hits = (id_ for value in condition.values for id_ in table.get(value, ()))
            found[condition] = list(dict.fromkeys(hits))
        else:
            found[condition] = [one["_id"] for one in documents if matches(condition, one)]
    return found


def _by_value(field: str, documents: Iterable[Mapping[str, Any]]) -> dict[Any, list[str]]:
    table: dict[Any, list[str]] = {}
    for document in documents:
        for value in values_at(document, field):
            table.setdefault(value, []).append(document["_id"])
    return table


def values_at(document: Mapping[str, Any], field: str) -> list[Any]:
    """Give the scalars (or sub-documents) at a dotted path, through arrays on the way."""
    return [value for found in _at(document, field) for value in _elements(found)]


def _leaf(leaf: Leaf, document: Mapping[str, Any]) -> bool:
    match leaf:
        case AnyOf():
            values = values_at(document, leaf.field)
            return any(_same(value, wanted) for value in values for wanted in leaf.values)
        case Present():
            return any(True for _ in _at(document, leaf.field))
        case Between():
            return _between(leaf, document)
        case Contains():
            texts = values_at(document, leaf.field)
            return any(isinstance(text, str) and leaf.text in text for text in texts)
        case Within():
            return any(_near(leaf, point) for point in _at(document, leaf.field))
        case _:
            assert_never(leaf)


def _between(leaf: Between, document: Mapping[str, Any]) -> bool:
    if leaf.low is None and leaf.high is None:
        return _leaf(Present(leaf.field), document)
    found = list(_at(document, leaf.field))
    values = [value for part in found for value in _elements(part)]
    if leaf.low is None or leaf.high is None:
        return any(_above(value, leaf.low) and _below(value, leaf.high) for value in values)
    if one_element(leaf):
        inner = [value for array in found if isinstance(array, list) for value in array]
        return any(_above(value, leaf.low) and _below(value, leaf.high) for value in inner)
    # Two operators on one path: MongoDB lets each end find an element of its own.
    above = any(_above(value, leaf.low) for value in values)
    return above and any(_below(value, leaf.high) for value in values)


def _near(leaf: Within, point: Any) -> bool:
    """Compare the great circle's length, by the haversine formula."""
    longitude, latitude = (radians(degrees) for degrees in point)
    here = radians(leaf.latitude)
    across = sin((longitude - radians(leaf.longitude)) / 2) ** 2
    half = sin((latitude - here) / 2) ** 2 + cos(latitude) * cos(here) * across
    return 2 * EARTH_RADIUS * asin(min(1.0, sqrt(half))) <= leaf.kilometres


def _element(condition: Element, document: Mapping[str, Any]) -> bool:
    found = list(_at(document, condition.field))
    if condition.single:
        one = next((value for value in found if isinstance(value, Mapping)), {})
        return bool(found or condition.parts) and _all(condition.parts, one)
    elements = [element for array in found if isinstance(array, list) for element in array]
    return any(_all(condition.parts, part) for part in elements if isinstance(part, Mapping))


def _all(parts: Iterable[Condition], document: Mapping[str, Any]) -> bool:
    return all(matches(part, document) for part in parts)


def _at(document: Any, field: str) -> Iterator[Any]:
    """Yield what stands at a path, arrays whole; an array on the way is looked into."""
    name, _, rest = field.partition(".")
    if isinstance(document, Mapping) and name in document:
        value = document[name]
        if not rest:
            yield value
        else:
            for inner in value if isinstance(value, list) else [value]:
                yield from _at(inner, rest)


def _elements(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _same(value: Any, wanted: Any) -> bool:
    return type(value) is type(wanted) and bool(value == wanted)


def _above(value: Any, low: Any) -> bool:
    return low is None or (type(value) is type(low) and bool(value >= low))


def _below(value: Any, high: Any) -> bool:
    return high is None or (type(value) is type(high) and bool(value < high))
