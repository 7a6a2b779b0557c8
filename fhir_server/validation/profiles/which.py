"""Which slices an item is in: each of them is asked, or one value is looked up.

https://hl7.org/fhir/R4/profiling.html#discriminator
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from fhir_server.spec.element_tree import Node
from fhir_server.spec.structures import Structures
from fhir_server.validation.profiles.discriminators import (
    Matches,
    TreeOf,
    fixed_string,
    matcher,
)
from fhir_server.validation.profiles.paths import steps_of
from fhir_server.validation.profiles.walk import Item, Walk

# The numbers of the slices an item is in.
Which: TypeAlias = Callable[[Item, Walk], Sequence[int]]


def which_of(
    structures: Structures,
    tree_of: TreeOf,
    slices: Sequence[Node],
    contents: Sequence[str],
    discriminators: Sequence[Any],
) -> Which:
    """Give what tells the slices of an item, by discriminators; `contents` are its types.

    Raises SpecError where they find nothing in a slice to decide by.
    """
    name = _property(structures, contents, discriminators)
    values = [fixed_string(structures, tree_of, one, name) for one in slices if name]
    strings = [one for one in values if one is not None]
    if name and len(strings) == len(slices):
        return _by_value(name, strings)
    return ByMatches([matcher(structures, tree_of, one, discriminators) for one in slices])


@dataclass(frozen=True, slots=True, eq=False)
class ByMatches:
    """Ask each slice."""

    matches: Sequence[Matches]

    def __call__(self, item: Item, walk: Walk) -> Sequence[int]:
        """Give the slices that say yes."""
        return [number for number, one in enumerate(self.matches) if one(item, walk)]


@dataclass(frozen=True, slots=True, eq=False)
class ByValue:
    """Look up the value of the property that decides."""

    name: str
    numbers: Mapping[str, Sequence[int]]

    def __call__(self, item: Item, _walk: Walk) -> Sequence[int]:
        """Give the slices that have this value."""
        value = item[1].get(self.name) if type(item[1]) is dict else None
        return self.numbers.get(value, ()) if type(value) is str else ()


def _by_value(name: str, values: Sequence[str]) -> Which:
    numbers: dict[str, list[int]] = {}
    for number, value in enumerate(values):
        numbers.setdefault(value, []).append(number)
    return ByValue(name, numbers)


def _property(
    structures: Structures, contents: Sequence[str], discriminators: Sequence[Any]
) -> str:
    """Give the one property, not a list, that decides: `system`; '' for any other."""
    if len(discriminators) != 1 or discriminators[0].get("type") not in ("value", "pattern"):
        return ""
    steps = steps_of(discriminators[0].get("path", "$this"))
    if len(steps) != 1 or steps[0][0] != "child":
        return ""
    name = steps[0][1]
    for content in contents:
        members = structures.members(content, name)
        if [(one.key, one.single) for one in members] != [(name, True)]:
            return ""
    return name if contents else ""
