"""The elements of an object, as a profile looks at them: those that are there, and those missing.

What objects of the same properties have is worked out once: there are few such sets.
https://hl7.org/fhir/R4/elementdefinition.html
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from fhir_server.fhirpath.model import Member
from fhir_server.validation.findings import Findings, below, enough
from fhir_server.validation.profiles.slicing import Whole
from fhir_server.validation.profiles.walk import MAX_DEPTH, Check, Walk, exhausted, items

# (object, walk) → what is to be said of one of its elements
Look: TypeAlias = Callable[[Mapping[str, Any], Walk], Findings | None]

# Sets of properties that are remembered of one kind of object.
_MET = 256
_OPEN = ("Resource", "DomainResource")


@dataclass(frozen=True, slots=True)
class Child:
    """An element of an object: where its items are, and what is to be said of all of them.

    `alone`: of one item there is to be said what `check` says, and no more.
    """

    name: str
    members: tuple[Member, ...]
    whole: Whole
    check: Check | None
    alone: bool

    def of(self, keys: Collection[str]) -> Look | None:
        """Give what looks at it in objects of these properties; None if there is nothing to say."""
        there = [one for one in self.members if one.key in keys or f"_{one.key}" in keys]
        if self.alone and [one.single and one.content not in _OPEN for one in there] == [True]:
            return _alone(there[0], self.check) if self.check else None
        return _all_of(there, self.whole)


def _alone(member: Member, check: Check) -> Look:
    key, content = member.key, member.content
    companion = f"_{key}" if member.primitive else None

    def look(value: Mapping[str, Any], walk: Walk) -> Findings | None:
        beside = value.get(companion) if companion else None
        return check((content, value.get(key), beside), walk)

    return look


def _all_of(members: Sequence[Member], whole: Whole) -> Look:
    def look(value: Mapping[str, Any], walk: Walk) -> Findings | None:
        return whole(items(value, members), walk)

    return look


@dataclass(frozen=True, slots=True)
class Children:
    """The elements of an object, in order: by JSON property, and those that may not be missing."""

    each: tuple[Child, ...]
    by_key: Mapping[str, int]
    needed: frozenset[int]
    met: dict[tuple[str, ...], tuple[tuple[str, Look], ...]] = field(default_factory=dict)

    def look(self, value: Mapping[str, Any], walk: Walk) -> Findings | None:
        """Look at the elements of an object; a budget bounds all that a resource leads to."""
        if not walk.spend(len(self.each)) or walk.budget.depth > MAX_DEPTH:
            return exhausted()
        walk.budget.depth += 1
        found: Findings = []
        for name, look in self.met.get(tuple(value)) or self._in(tuple(value)):
            if said := look(value, walk):
                found += below(name, said)
                if enough(found):
                    break
        walk.budget.depth -= 1
        return found or None

    def _in(self, keys: tuple[str, ...]) -> tuple[tuple[str, Look], ...]:
        """Give what looks at those that objects of these properties have, or should have."""
        there = {self.by_key[key] for key in keys if key in self.by_key}
        children = [self.each[number] for number in sorted(there | self.needed)]
        known = tuple((f".{one.name}", look) for one in children if (look := one.of(keys)))
        if len(self.met) < _MET:
            self.met[keys] = known
        return known
