"""What a search asks of an index document, as a tree of plain values.

`store/filters` turns a Condition into a MongoDB filter, `search/match` evaluates it against the
index document of one resource; a property test keeps the two equal. Fields are full dotted paths
into the index document (`x.code`, `_id`, `ts`); the index document holds `x`, never an empty
array, never a null. A field may hold a scalar or an array, a path may lead through an array of
sub-documents, and then a leaf holds when any element satisfies it, as in MongoDB. Values compare
only with values of their own kind (int with int, str with str; strings by code point).

Four leaves are questions that one document does not answer. `Coded` asks what codes mean and is
answered in `interactions/questions`; `Chained`, `Referring` and `Subtree` ask other resources and
are answered by the store (`store/joins`). The two evaluators refuse them with TypeError.
"""

from collections.abc import Callable, Collection
from typing import Any, Literal, TypeAlias

import msgspec
from msgspec import structs

# Fields of the index document itself, which are never arrays.
_OWN = ("_id", "id", "ts")


class Everything(msgspec.Struct, frozen=True):
    """Holds for every resource."""


class Nothing(msgspec.Struct, frozen=True):
    """Holds for none."""


class AnyOf(msgspec.Struct, frozen=True):
    """The field equals one of the values: `{field: {$in: values}}`."""

    field: str
    values: tuple[Any, ...]


class Between(msgspec.Struct, frozen=True):
    """`low` ≤ field < `high`; None leaves that side open.

    `single`: the field never holds an array, `{field: {$gte, $lt}}`. Otherwise one element of the
    array lies between both ends: `{field: {$elemMatch: {$gte, $lt}}}` where both are given, and a
    scalar does not match then. `_id` and `ts` are always single.
    """

    field: str
    low: Any = None
    high: Any = None
    single: bool = False


class Contains(msgspec.Struct, frozen=True):
    """One string of the field contains the text, letter by letter: `{field: {$regex: text}}`."""

    field: str
    text: str


class Within(msgspec.Struct, frozen=True):
    """A point `[longitude, latitude]` (degrees) of the field is at most this far, by great circle.

    https://www.mongodb.com/docs/manual/reference/operator/query/centerSphere/
    """

    field: str
    longitude: float
    latitude: float
    kilometres: float


class Present(msgspec.Struct, frozen=True):
    """The field exists in the document: `{field: {$exists: true}}`."""

    field: str


class Element(msgspec.Struct, frozen=True):
    """One and the same element of the array `field` meets all parts: `{field: {$elemMatch: …}}`.

    The parts' fields are relative to the element; a part may be an Element again. `single`: the
    field holds one sub-document, never an array, and the parts are asked by dotted path
    (`x.date.lo`), which an index serves.
    """

    field: str
    parts: tuple["Condition", ...]
    single: bool = False


class And(msgspec.Struct, frozen=True):
    """Every part holds."""

    parts: tuple["Condition", ...]


class Or(msgspec.Struct, frozen=True):
    """At least one part holds."""

    parts: tuple["Condition", ...]


class Not(msgspec.Struct, frozen=True):
    """The part does not hold (a missing field makes this true)."""

    part: "Condition"


class Coded(msgspec.Struct, frozen=True):
    """A token of the field is in a value set, or stands in a code system's hierarchy.

    `in`: `value` is the value set's canonical URL. `above`, `below`: `value` is `system|code`, and
    the code itself counts too. Where the index has no system (`|code`, of an element of type
    code), the code is one of each of `systems`.
    """

    field: str
    relation: Literal["in", "above", "below"]
    value: str
    systems: frozenset[str] = frozenset()


class Chained(msgspec.Struct, frozen=True):
    """The reference field leads to a resource of the type, here, that meets the condition.

    `by_url`: resources of the type have a canonical URL, `x.url`, and may be referred to by it.
    """

    field: str
    type: str
    condition: "Condition"
    by_url: bool = False


class Referring(msgspec.Struct, frozen=True):
    """Some resource of the type whose field refers to this one meets the condition.

    `by_url`: this one has a canonical URL, `x.url`, and may be referred to by it.
    """

    type: str
    field: str
    condition: "Condition"
    by_url: bool = False


class Subtree(msgspec.Struct, frozen=True):
    """The reference field leads to one of these resources of the type, or below or above it.

    `parent` is the type's own reference field that leads one step up. `condition` narrows the
    resources on the way.
    """

    field: str
    type: str
    ids: tuple[str, ...]
    parent: str
    way: Literal["above", "below"]
    condition: "Condition"


Leaf: TypeAlias = AnyOf | Between | Contains | Within | Present
Join: TypeAlias = Chained | Referring | Subtree
Condition: TypeAlias = Everything | Nothing | Leaf | Element | And | Or | Not | Coded | Join


def prefix(field: str, text: str) -> Condition:
    """Hold when one string of the array `field` starts with `text`."""
    return Between(field, text, text + "\U0010ffff") if text else Present(field)


def both(*parts: Condition) -> Condition:
    """Give the conjunction, without trivial parts."""
    kept = [part for part in parts if not isinstance(part, Everything)]
    if len(kept) == 1:
        return kept[0]
    if not kept:
        return Everything()
    return Nothing() if any(isinstance(part, Nothing) for part in kept) else And(tuple(kept))


def either(*parts: Condition) -> Condition:
    """Give the disjunction, without trivial parts."""
    kept = [part for part in parts if not isinstance(part, Nothing)]
    if len(kept) == 1:
        return kept[0]
    if not kept:
        return Nothing()
    return Everything() if any(isinstance(part, Everything) for part in kept) else Or(tuple(kept))


def beyond(field: str, values: Collection[str]) -> Condition:
    """Hold when the array `field` has a string that is none of the values."""
    if not values:
        return Present(field)
    ordered = sorted(set(values))
    # Of strings that begin with another the first is that one and U+0000.
    lows = [None, *(f"{value}\0" for value in ordered)]
    highs = [*ordered, None]
    return Or(tuple(Between(field, *ends) for ends in zip(lows, highs, strict=True)))


def one_element(leaf: Between) -> bool:
    """Say whether one element of an array has to lie between both ends."""
    own = leaf.single or leaf.field in _OWN
    return not own and leaf.low is not None and leaf.high is not None


def inside(field: str, condition: Condition) -> Condition:
    """Hold when one element of the array `field` meets a condition on `x.` fields as a whole."""
    return Element(field, (renamed(condition, lambda name: name.removeprefix("x.")),))


def renamed(condition: Condition, rename: Callable[[str], str]) -> Condition:
    """Give the condition with each field of this document renamed."""
    match condition:
        case And() | Or():
            return structs.replace(
                condition, parts=tuple(renamed(one, rename) for one in condition.parts)
            )
        case Not():
            return Not(renamed(condition.part, rename))
        case Everything() | Nothing() | Referring():
            return condition
        case _:
            return structs.replace(condition, field=rename(condition.field))


def is_open(condition: Condition) -> bool:
    """Say whether there is a question in it that one document does not answer."""
    match condition:
        case AnyOf() | Between():
            return False
        case And() | Or() | Element():
            return any(map(is_open, condition.parts))
        case Not():
            return is_open(condition.part)
        case Coded() | Chained() | Referring() | Subtree():
            return True
        case _:
            return False
