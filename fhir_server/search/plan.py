"""How an index serves a search: what is found by it, what is left to compare, what is read whole.

It follows the rules MongoDB documents: fields asked for by equality first, then the order or a
range. https://www.mongodb.com/docs/manual/tutorial/equality-sort-range-guideline/
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import TypeAlias

from msgspec import structs

from fhir_server.search.condition import (
    And,
    AnyOf,
    Between,
    Chained,
    Coded,
    Condition,
    Contains,
    Element,
    Everything,
    Not,
    Nothing,
    Or,
    Present,
    Referring,
    Subtree,
    Within,
    both,
)
from fhir_server.search.cursor import served
from fhir_server.search.query import SortKey

# The fields of an index with 1 or -1, and those of an order.
Keys: TypeAlias = tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """What every match has to meet, by field: a value, a range, or what no index is good for."""

    equal: frozenset[str] = frozenset()
    ranges: frozenset[str] = frozenset()
    others: frozenset[str] = frozenset()

    def __or__(self, other: "Asked") -> "Asked":
        """Give what both ask together."""
        equal, ranges = self.equal | other.equal, self.ranges | other.ranges
        return Asked(equal, ranges - equal, self.others | other.others)

    @property
    def fields(self) -> frozenset[str]:
        """All fields that are asked for."""
        return self.equal | self.ranges | self.others


@dataclass(frozen=True, slots=True)
class Plan:
    """How a search is answered: by `index`, by several `ways`, or by reading the collection.

    `equal` fields and then the field `bounded` narrow what is read of the index; `ordered`: it is
    read in the order asked for. `compared` are the fields looked at in each document that is read.
    """

    index: Keys | None = None
    equal: tuple[str, ...] = ()
    bounded: str | None = None
    ordered: bool = False
    compared: tuple[str, ...] = ()
    ways: tuple["Plan", ...] = ()

    @property
    def narrows(self) -> bool:
        """Whether no more is read than what is between two places of an index."""
        return bool(self.equal or self.bounded or self.ways)

    @property
    def scans(self) -> bool:
        """Whether all of the collection may have to be read before a page is full."""
        if self.narrows:
            return False
        if self.ordered and self.index:
            # Read in the order of what is asked for, the matches stand together.
            leading = code_of(self.index[0][0])
            return any(code_of(field) != leading for field in self.compared)
        return True

    @property
    def rank(self) -> tuple[int, bool, int]:
        """What makes one plan better than another, the most telling first."""
        narrowed = len(self.equal) + (self.bounded is not None)
        return narrowed, self.ordered, -len(self.index or ())


def plan(condition: Condition, sort: Sequence[SortKey], indexes: Iterable[Keys]) -> Plan:
    """Give the best plan for a condition and an order by one of these indexes of its type."""
    known = tuple(indexes)
    asked = asked_by(condition)
    first = asked.equal | asked.ranges | {key.field for key in sort[:1]}
    useful = (index for index in known if index and index[0][0] in first)
    best = max(
        (_by(index, asked, sort) for index in useful), key=attrgetter("rank"), default=Plan()
    )
    if best.narrows:
        return best
    for several in _alternatives(condition):
        ways = tuple(plan(part, sort, known) for part in several.parts)
        if all(way.narrows for way in ways):
            return Plan(compared=tuple(sorted(asked.fields)), ways=ways)
    return best if best.ordered else Plan(compared=tuple(sorted(asked.fields)))


def narrowed(condition: Condition, indexes: Iterable[Keys]) -> bool:
    """Say at a glance that `plan` narrows by one index: it begins with a field asked for.

    What is not told so may still be narrowed by several `ways`.
    """
    asked = asked_by(condition)
    return any(
        index[0][0] in asked.equal or index[0][0] in asked.ranges for index in indexes if index
    )


def asked_by(condition: Condition) -> Asked:
    """Give what a condition asks of each match, by field."""
    match condition:
        case And():
            asked = _together(condition.parts)
        case Element():
            asked = _inside(condition.field, _together(condition.parts))
        case Or():
            asked = _any_of([asked_by(part) for part in condition.parts])
        case Not():
            asked = Asked(others=asked_by(condition.part).fields)
        case AnyOf() | Chained() | Subtree() | Coded():
            asked = Asked(equal=frozenset({condition.field}))
        case Referring():
            asked = Asked(equal=frozenset({"_id"}))
        case Between() if condition.low is not None or condition.high is not None:
            asked = Asked(ranges=frozenset({condition.field}))
        case Between() | Present() | Contains() | Within():
            asked = Asked(others=frozenset({condition.field}))
        case Everything() | Nothing():
            asked = Asked()
    return asked


def order_of(sort: Sequence[SortKey]) -> Keys:
    """Give an order as keys."""
    return tuple((key.field, -1 if key.descending else 1) for key in sort)


def code_of(field: str) -> str:
    """Give the code of the parameter a field belongs to."""
    own = {"ts": "_lastUpdated"}
    return own.get(field, field.removeprefix("x.").partition(".")[0].partition(":")[0])


def described(found: Plan, sort: Sequence[SortKey]) -> list[str]:
    """Give a plan in sentences."""
    if found.ways:
        told = [f"{len(found.ways)} alternatives, each by an index of its own:"]
        told += [one for way in found.ways for one in described(replace(way, ordered=True), ())]
    elif found.index is None:
        told = ["No index serves it: every resource of the type is read."]
    else:
        told = [f"By the index {shown(found.index)}."]
        told += [f"Equal in it: {', '.join(found.equal)}."] if found.equal else []
        told += [f"In a range of it: {found.bounded}."] if found.bounded else []
    if found.compared:
        told.append(f"Compared in each that is read: {', '.join(found.compared)}.")
    if not found.ordered:
        told.append(f"Sorted after that: {shown(order_of(sort))}.")
    return told


def shown(keys: Keys) -> str:
    """Give keys as text: `x.patient -x.date.lo -_id`."""
    return " ".join(f"-{field}" if way < 0 else field for field, way in keys)


def _by(index: Keys, asked: Asked, sort: Sequence[SortKey]) -> Plan:
    fields = [field for field, _ in index]
    count = next((n for n, field in enumerate(fields) if field not in asked.equal), len(fields))
    equal, rest = tuple(fields[:count]), fields[count:]
    bounded = rest[0] if rest and rest[0] in asked.ranges else None
    used = {*equal, bounded}
    return Plan(
        index,
        equal,
        bounded,
        ordered=_follows(index[count:], sort),
        compared=tuple(sorted(asked.fields - used)),
    )


def _follows(rest: Keys, sort: Sequence[SortKey]) -> bool:
    order = order_of(sort)
    turned = tuple((field, -way) for field, way in order)
    return served(sort) and rest[: len(order)] in (order, turned)


def _alternatives(condition: Condition) -> Iterator[Or]:
    match condition:
        case Or():
            yield condition
        case And():
            for part in condition.parts:
                yield from _alternatives(part)
        case Element():
            inner = both(*condition.parts)
            for several in _alternatives(inner):
                parts = tuple(structs.replace(condition, parts=(part,)) for part in several.parts)
                yield Or(parts)
        case _:
            return


def _together(parts: Iterable[Condition]) -> Asked:
    asked = Asked()
    for part in parts:
        asked |= asked_by(part)
    return asked


def _any_of(several: Sequence[Asked]) -> Asked:
    """Give what any of the alternatives asks: only what all ask alike is good for an index."""
    if not several:
        return Asked()
    equal = frozenset.intersection(*(one.equal for one in several))
    bounds = [one.equal | one.ranges for one in several]
    ranges = frozenset.intersection(*bounds) - equal
    fields = frozenset().union(*(one.fields for one in several))
    return Asked(equal, ranges, fields - equal - ranges)


def _inside(field: str, asked: Asked) -> Asked:
    def named(fields: Iterable[str]) -> frozenset[str]:
        return frozenset(f"{field}.{name}" for name in fields)

    return Asked(named(asked.equal), named(asked.ranges), named(asked.others))
