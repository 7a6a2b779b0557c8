"""Slicing: which slice an item is in, how often each stands, in which order, and what else may.

https://hl7.org/fhir/R4/profiling.html#slicing
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from fhir_server.validation.findings import Findings, below, error
from fhir_server.validation.profiles.walk import Placed, Walk
from fhir_server.validation.profiles.which import Which

# What is to be said of all items of an element.
Whole: TypeAlias = Callable[[Sequence[Placed], Walk], Findings | None]

DEFAULT = "@default"


@dataclass(frozen=True, slots=True)
class Slice:
    """A slice: `whole` looks at all that is in it."""

    name: str
    whole: Whole | None


@dataclass(frozen=True, slots=True)
class Slicing:
    """How an element is sliced; `rules` is open, closed or openAtEnd, `rest` the slice @default."""

    name: str
    slices: tuple[Slice, ...]
    which: Which
    rules: str
    ordered: bool
    rest: Whole | None = None

    def __call__(self, placed: Sequence[Placed], walk: Walk) -> Findings | None:
        """Give what is wrong with the items of the element."""
        found: Findings = []
        members: list[list[Placed]] = [[] for _ in self.slices]
        others: list[Placed] = []
        last = 0
        for place, item in placed:
            fitting = self.which(item, walk)
            if not fitting:
                others.append((place, item))
                continue
            number = fitting[0]
            members[number].append((place, item))
            if amiss := self._placed(fitting, last, others):
                found += below(place, amiss)
            last = max(last, number)
        for one, inside in zip(self.slices, members, strict=True):
            if one.whole and (said := one.whole(inside, walk)):
                found += said
        found += self._outside(others, walk)
        return found or None

    def _placed(self, fitting: Sequence[int], last: int, others: Sequence[Placed]) -> Findings:
        """Say what is wrong with where an item of a slice stands."""
        name = self.slices[fitting[0]].name
        if len(fitting) > 1:
            names = " and ".join(repr(self.slices[number].name) for number in fitting[:3])
            return error("structure", f"this is in the slices {names}; it may be in one only")
        if self.ordered and fitting[0] < last:
            told = f"the slice {name!r} stands before {self.slices[last].name!r}"
            return error("structure", told)
        if others and self.rules == "openAtEnd":
            told = f"the slice {name!r} stands before what is in no slice of {self.name}"
            return error("structure", told)
        return []

    def _outside(self, others: Sequence[Placed], walk: Walk) -> Findings:
        """Say what is wrong with the items that are in no slice."""
        if self.rest:
            return self.rest(others, walk) or []
        if self.rules != "closed":
            return []
        names = ", ".join(one.name for one in self.slices)
        told = f"this is in no slice of {self.name}, which allows only: {names}"
        return [one for place, _ in others for one in error("structure", told, place)]
