"""What a search asks of an index document, as a tree of plain values.

`store/filters` turns a Condition into a MongoDB filter, `search/match` evaluates it against the
index document of one resource; a property test keeps the two equal. Fields are full dotted paths
into the index document (`x.code`, `_id`, `ts`); the index document holds `x`, never an empty
array, never a null. A field may hold a scalar or an array, a path may lead through an array of
sub-documents, and then a leaf holds when any element satisfies it, as in MongoDB. Values compare
only with values of their own kind (int with int, str with str; strings by code point).
"""

from dataclasses import dataclass
from typing import Any, TypeAlias


@dataclass(frozen=True, slots=True)
class Everything:
    """Holds for every resource."""


@dataclass(frozen=True, slots=True)
class Nothing:
    """Holds for none."""


@dataclass(frozen=True, slots=True)
class AnyOf:
    """The field equals one of the values: `{field: {$in: values}}`."""

    field: str
    values: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Between:
    """`low` ≤ field < `high`; None leaves that side open.

    `single`: the field never holds an array, `{field: {$gte, $lt}}`. Otherwise, under `x.`, one
    element of the array lies between both ends: `{field: {$elemMatch: {$gte, $lt}}}` where both
    are given, and a scalar does not match then. `_id` and `ts` are always single.
    """

    field: str
    low: Any = None
    high: Any = None
    single: bool = False


@dataclass(frozen=True, slots=True)
class Present:
    """The field exists in the document: `{field: {$exists: true}}`."""

    field: str


@dataclass(frozen=True, slots=True)
class Element:
    """One and the same element of the array `field` meets all parts: `{field: {$elemMatch: …}}`.

    The parts' fields are relative to the element. `single`: the field holds one sub-document,
    never an array, and the parts are asked by dotted path (`x.date.lo`), which an index serves.
    """

    field: str
    parts: tuple["Condition", ...]
    single: bool = False


@dataclass(frozen=True, slots=True)
class And:
    """Every part holds."""

    parts: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class Or:
    """At least one part holds."""

    parts: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The part does not hold (a missing field makes this true)."""

    part: "Condition"


Condition: TypeAlias = Everything | Nothing | AnyOf | Between | Present | Element | And | Or | Not


def prefix(field: str, text: str) -> Condition:
    """Hold when one string of the array `field` starts with `text`."""
    return Between(field, text, text + "\U0010ffff") if text else Present(field)


def both(*parts: Condition) -> Condition:
    """Give the conjunction, without trivial parts."""
    kept = tuple(part for part in parts if not isinstance(part, Everything))
    if any(isinstance(part, Nothing) for part in kept):
        return Nothing()
    if not kept:
        return Everything()
    return kept[0] if len(kept) == 1 else And(kept)


def either(*parts: Condition) -> Condition:
    """Give the disjunction, without trivial parts."""
    kept = tuple(part for part in parts if not isinstance(part, Nothing))
    if any(isinstance(part, Everything) for part in kept):
        return Everything()
    if not kept:
        return Nothing()
    return kept[0] if len(kept) == 1 else Or(kept)
