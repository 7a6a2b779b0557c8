"""The walk of a check through a resource: items, where they stand, and what is known on the way.

https://hl7.org/fhir/R4/profiling.html
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any, Literal, Protocol, TypeAlias

import msgspec

from fhir_server.fhirpath.language import Environment
from fhir_server.fhirpath.model import Member
from fhir_server.spec.structures import Structures
from fhir_server.validation.findings import Findings, Resource, Visit, error
from fhir_server.validation.references import contained_in

# (type, or path of an element defined in place; JSON value; `_companion` of a primitive or None)
Item: TypeAlias = tuple[str, Any, Any]
# (location below the parent, the item)
Placed: TypeAlias = tuple[str, Item]

# Elements looked at for all profiles of one resource, about a microsecond each.
MAX_STEPS = 2_000_000
MAX_DEPTH = 100
_OPEN = ("Resource", "DomainResource")


class Conforms(Protocol):
    """What tells whether an item meets a profile, with every reason why not."""

    def __call__(self, item: Item, canonical: str, walk: "Walk") -> Findings | None:
        """Give the findings; None if there are none."""


Severe: TypeAlias = Literal["warn", "refuse"]


@dataclass(frozen=True, slots=True)
class Strictness:
    """What becomes of a resource whose profile, or extension, is not known here."""

    unknown_profile: Severe = "warn"
    unknown_extension: Severe = "warn"


class Budget(msgspec.Struct):
    """Steps that are left for a resource and all it leads to."""

    left: int = MAX_STEPS
    depth: int = 0


class Walk(msgspec.Struct):
    """One resource being checked.

    `judge` tells of other profiles; `judging` are the profiles being judged further up, with the
    value they are judged of: one that is asked again is taken to be met. `judged` are those that
    are, with what was found: resources that refer to each other are not judged on every way.
    """

    visit: Visit
    judge: Conforms
    budget: Budget = msgspec.field(default_factory=Budget)
    judging: set[tuple[str, int]] = msgspec.field(default_factory=set)
    judged: dict[tuple[str, int], tuple[Any, Findings]] = msgspec.field(default_factory=dict)
    strict: Strictness = Strictness()
    environment: Environment | None = None

    def is_plain(self, value: Mapping[str, Any]) -> bool:
        """Say whether an object may be judged as JSON without companions of primitives.

        One that is another resource is none of this one.
        """
        visit = self.visit
        return ("resourceType" not in value or value is visit.resource) and visit.is_plain()

    def spend(self, steps: int) -> bool:
        """Take steps from the budget; say whether there were enough."""
        self.budget.left -= steps
        return self.budget.left >= 0

    def within(self, resource: Resource, *, contained: bool = False) -> "Walk":
        """Give the walk of a resource that stands in this one."""
        outer = self.visit
        root = outer.root if contained else resource
        visit = Visit(outer.definitions, outer.questions, resource, root, outer.around())
        return Walk(visit, self.judge, self.budget, self.judging, self.judged, self.strict)

    def resolve(self, reference: str) -> tuple[Item, "Walk"] | None:
        """Give the resource a reference leads to, and the walk of it; None where it is not here."""
        visit = self.visit
        found: Any = None
        contained = reference.startswith("#")
        if contained:
            found = contained_in(visit.root, reference[1:])
        elif visit.bundle is not None:
            found = visit.bundle.find(reference)
        if found is None and not contained and not reference.startswith("urn:"):
            found = visit.questions.ask("resolve", reference)
        if not isinstance(found, Mapping):
            return None
        type_ = found.get("resourceType")
        return ((type_, found, None), self.within(found)) if isinstance(type_, str) else None


# What is to be said of an item, None if nothing; locations are below it.
Check: TypeAlias = Callable[[Item, Walk], Findings | None]


def items(value: Any, members: Sequence[Member]) -> list[Placed]:
    """Give the items of an element of an object, each with its location below the object's name."""
    found: list[Placed] = []
    for member in members:
        inner = value.get(member.key)
        companion = value.get(f"_{member.key}") if member.primitive else None
        if inner is None and companion is None:
            continue
        content = member.content
        if not member.single and companion is None and content not in _OPEN:
            found += [(_at(index), (content, one, None)) for index, one in enumerate(inner)]
        elif not member.single:
            found += [
                (f"[{index}]", (_type(content, one), one, beside))
                for index, (one, beside) in enumerate(zip_longest(inner or (), companion or ()))
            ]
        elif content in _OPEN:
            found.append(("", (_type(content, inner), inner, companion)))
        else:
            found.append(("", (content, inner, companion)))
    return found


_AT = [f"[{index}]" for index in range(64)]


def _at(index: int) -> str:
    return _AT[index] if index < len(_AT) else f"[{index}]"


def _type(content: str, value: Any) -> str:
    if content in _OPEN and type(value) is dict:
        return str(value.get("resourceType", content))
    return content


def below(item: Item, structures: Structures, name: str) -> list[Item]:
    """Give the items of an item's element; an extension of a primitive is one of its elements."""
    type_, value, companion = item
    if type(value) is dict:
        return [one for _, one in items(value, structures.members(type_, name))]
    if type(companion) is dict:
        return [one for _, one in items(companion, structures.members("Element", name))]
    return []


def exhausted() -> Findings:
    """Give the finding that ends a check which would take too long."""
    told = "the profiles lead to more checks than a resource may take; make it or them smaller"
    return error("too-costly", told)
