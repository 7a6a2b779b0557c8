"""What elements have in common to be looked at for: how many, each, all that is said of one.

https://hl7.org/fhir/R4/elementdefinition.html
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fhir_server.validation.findings import Findings, below, enough, error
from fhir_server.validation.profiles.children import Children
from fhir_server.validation.profiles.slicing import Whole
from fhir_server.validation.profiles.walk import Check, Item, Placed, Walk


@dataclass(frozen=True, slots=True, eq=False)
class AtLeast:
    """Look whether there are enough."""

    least: int
    name: str

    def __call__(self, placed: Sequence[Placed], _walk: Walk) -> Findings | None:
        """Give what is wrong with the items of an element."""
        if len(placed) >= self.least:
            return None
        if self.least == 1:
            return error("required", f"{self.name} is missing")
        told = f"{self.name}: at least {self.least} are needed, not {len(placed)}"
        return error("required", told)


@dataclass(frozen=True, slots=True, eq=False)
class AtMost:
    """Look whether there are too many."""

    most: int
    name: str

    def __call__(self, placed: Sequence[Placed], _walk: Walk) -> Findings | None:
        """Give what is wrong with the items of an element."""
        if len(placed) <= self.most:
            return None
        if self.most == 0:
            return error("structure", f"{self.name} may not be given here")
        told = f"{self.name}: at most {self.most} may be given, not {len(placed)}"
        return error("structure", told)


@dataclass(frozen=True, slots=True, eq=False)
class Each:
    """Look at each item."""

    check: Check

    def __call__(self, placed: Sequence[Placed], walk: Walk) -> Findings | None:
        """Give what is wrong with the items of an element."""
        found: Findings = []
        for place, item in placed:
            if said := self.check(item, walk):
                found += below(place, said)
                if enough(found):
                    break
        return found or None


@dataclass(frozen=True, slots=True, eq=False)
class Wholes:
    """Look at all items for several reasons."""

    wholes: Sequence[Whole]

    def __call__(self, placed: Sequence[Placed], walk: Walk) -> Findings | None:
        """Give what is wrong with the items of an element."""
        found: Findings | None = None
        for look in self.wholes:
            if said := look(placed, walk):
                found = [*found, *said] if found else said
        return found


@dataclass(frozen=True, slots=True, eq=False)
class Every:
    """Say of an item what all checks say."""

    checks: Sequence[Check]

    def __call__(self, item: Item, walk: Walk) -> Findings | None:
        """Give what is wrong with an item."""
        found: Findings | None = None
        for each in self.checks:
            if said := each(item, walk):
                found = [*found, *said] if found else said
        return found


@dataclass(frozen=True, slots=True, eq=False)
class Inside:
    """Look at what stands in an item: in an object by its type, in a primitive's companion."""

    compiled: Mapping[str, Children | None]
    primitive: Children | None
    contained: bool

    def of(self, content: str) -> Children | None:
        """Give what looks at an object of a type."""
        return self.compiled.get(content, self.compiled.get("Resource"))

    def __call__(self, item: Item, walk: Walk) -> Findings | None:
        """Give what is wrong with an item."""
        type_, value, companion = item
        if type(value) is not dict:
            return self.primitive.look(companion or {}, walk) if self.primitive else None
        if "resourceType" in value and value is not walk.visit.resource:
            walk = walk.within(value, contained=self.contained)
        children = self.of(type_)
        return children.look(value, walk) if children else None
