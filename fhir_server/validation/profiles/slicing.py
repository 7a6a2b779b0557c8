"""Slicing: which slice an item is in, how often each stands, in which order, and what else may.

https://hl7.org/fhir/R4/profiling.html#slicing
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from fhir_server.validation.findings import Findings, below, error
from fhir_server.validation.profiles.discriminators import Matches
from fhir_server.validation.profiles.walk import Check, Item, Placed, Walk

# What is to be said of all items of an element.
Whole: TypeAlias = Callable[[Sequence[Placed], Walk], Findings | None]

DEFAULT = "@default"


@dataclass(frozen=True, slots=True)
class Slice:
    """A slice: `matches` tells what is in it, `check` looks at each, `whole` at all of them."""

    name: str
    matches: Matches
    check: Check
    whole: Whole


@dataclass(frozen=True, slots=True)
class Slicing:
    """How an element is sliced; `rules` is open, closed or openAtEnd."""

    name: str
    slices: tuple[Slice, ...]
    rules: str
    ordered: bool
    rest: Slice | None = None

    def look(self, placed: Sequence[Placed], walk: Walk) -> Findings | None:
        """Give what is wrong with the items of the element."""
        found: Findings = []
        members: dict[str, list[Placed]] = {one.name: [] for one in self.slices}
        last, outside = 0, False
        for place, item in placed:
            number = self._slice_of(place, item, walk, found)
            if number is None:
                outside = True
                found += self._other(place, item, walk, members)
                continue
            if outside and self.rules == "openAtEnd":
                told = f"{self.name}: what is in no slice may stand at the end only"
                found += error("structure", told, place)
            if self.ordered and number < last:
                told = f"the slice {self.slices[number].name!r} must stand before the one before it"
                found += error("structure", told, place)
            last = max(last, number)
            one = self.slices[number]
            members[one.name].append((place, item))
            found += below(place, one.check(item, walk) or [])
        for one in self.slices:
            found += one.whole(members[one.name], walk) or []
        if self.rest:
            found += self.rest.whole(members.get(DEFAULT, []), walk) or []
        return found or None

    def _slice_of(self, place: str, item: Item, walk: Walk, found: Findings) -> int | None:
        fitting = [n for n, one in enumerate(self.slices) if one.matches(item, walk)]
        if len(fitting) > 1:
            names = " and ".join(repr(self.slices[number].name) for number in fitting[:3])
            found += error("structure", f"this is in the slices {names}; it may be in one", place)
        return fitting[0] if fitting else None

    def _other(
        self, place: str, item: Item, walk: Walk, members: dict[str, list[Placed]]
    ) -> Findings:
        if self.rest:
            members.setdefault(DEFAULT, []).append((place, item))
            return below(place, self.rest.check(item, walk) or [])
        if self.rules != "closed":
            return []
        names = ", ".join(one.name for one in self.slices) or "none"
        return error("structure", f"this is in no slice of {self.name}, and no other may be: {names}", place)
