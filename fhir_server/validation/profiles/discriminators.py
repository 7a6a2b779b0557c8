"""Discriminators: what decides whether an item belongs to a slice.

https://hl7.org/fhir/R4/profiling.html#discriminator
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from fhir_server.spec.codes import bare
from fhir_server.spec.element_tree import Node
from fhir_server.spec.structures import Structures
from fhir_server.spec.tables import SpecError
from fhir_server.validation.bindings import coded
from fhir_server.validation.profiles.paths import Found, Step, reached, steps_of
from fhir_server.validation.profiles.values import fits, given, same
from fhir_server.validation.profiles.walk import Item, Walk, below

# Whether an item belongs to a slice.
Matches: TypeAlias = Callable[[Item, Walk], bool]
# Whether an item is as an element of a slice says.
Expected: TypeAlias = Callable[[Item, Walk], bool]
# Whether what a discriminator's path leads to is as a slice says.
Told: TypeAlias = Callable[[Found], bool]
# Canonical → the tree of its snapshot, None where it is not known.
TreeOf: TypeAlias = Callable[[str], Node | None]


@dataclass(frozen=True, slots=True, eq=False)
class Matcher:
    """Ask what each discriminator's path leads to."""

    structures: Structures
    tests: Sequence[tuple[tuple[Step, ...], Told]]

    def __call__(self, item: Item, walk: Walk) -> bool:
        """Say whether an item belongs to the slice."""
        return all(test(reached(self.structures, steps, item, walk)) for steps, test in self.tests)


@dataclass(frozen=True, slots=True, eq=False)
class Has:
    """Ask whether `expected` are there: every one of them, or any."""

    expected: Sequence[Expected]
    every: bool

    def __call__(self, found: Found) -> bool:
        """Say whether what was found has them."""
        answers = (any(one(item, walk) for item, walk in found) for one in self.expected)
        return all(answers) if self.every else any(answers)


@dataclass(frozen=True, slots=True, eq=False)
class OfType:
    """Ask whether there is anything of one of some types."""

    structures: Structures
    codes: frozenset[str]

    def of(self, content: str) -> bool:
        """Say whether this is one of the types."""
        return any(self.structures.is_a(content, code) for code in self.codes)

    def __call__(self, found: Found) -> bool:
        """Say whether something that was found is."""
        return any(self.of(item[0]) for item, _ in found)


@dataclass(frozen=True, slots=True, eq=False)
class Equals:
    """Expect a value: this one if it is fixed, what has all of this if it is a pattern."""

    wanted: Any
    fixed: bool

    def __call__(self, item: Item, _walk: Walk) -> bool:
        """Say whether an item has it."""
        return (same if self.fixed else fits)(item[1], self.wanted)


CORE = "http://hl7.org/fhir/StructureDefinition/"
_ELEMENT = f"{CORE}elementdefinition-profile-element"
_MAX_DEPTH = 12
_OPEN = {"Resource", "DomainResource"}


def matcher(
    structures: Structures, tree_of: TreeOf, slice_: Node, discriminators: Sequence[Any]
) -> Matches:
    """Give what tells whether an item belongs to a slice.

    Raises SpecError where no discriminator finds anything in the slice to decide by.
    """
    tests: list[tuple[tuple[Step, ...], Told]] = []
    for one in discriminators:
        steps = steps_of(one.get("path", "$this"))
        nodes = _nodes(tree_of, slice_, steps)
        if test := _TESTS[one.get("type", "value")](structures, tree_of, nodes):
            tests.append((steps, test))
    if not tests:
        named = ", ".join(f"{one.get('type')} of {one.get('path')!r}" for one in discriminators)
        raise SpecError(
            f"the slice {slice_.slice!r} of {slice_.name} says nothing by which its "
            f"discriminators, {named[:200]}, could decide"
        )
    return Matcher(structures, tests)


def fixed_string(structures: Structures, tree_of: TreeOf, slice_: Node, name: str) -> str | None:
    """Give the one string a slice lets a property have; None if it says more of it, or less."""
    nodes = _nodes(tree_of, slice_, [("child", name)])
    if any(node.element.get("max") == "0" for node in nodes):
        return None
    said = [node for node in nodes if _expected(structures, tree_of, node, 0)]
    values = [given(node.element, "fixed") or given(node.element, "pattern") for node in said]
    told = {value[1] if value and isinstance(value[1], str) else None for value in values}
    return told.pop() if len(told) == 1 else None


def _nodes(tree_of: TreeOf, slice_: Node, steps: Sequence[Step]) -> list[Node]:
    """Give the elements of the slice that a path leads to, those that must be there first."""
    found = [slice_]
    for kind, name in steps:
        found = [one for node in found for one in _below(tree_of, node, kind, name)]
    return found


def _below(tree_of: TreeOf, node: Node, kind: str, name: str) -> Iterator[Node]:
    if kind == "child":
        yield from _children(tree_of, node, name)
    elif kind == "extension":
        for one in _children(tree_of, node, "extension"):
            if name in {*map(bare, profiles_of(one)), fixed_url(one)}:
                yield one
    elif kind == "type":
        types = [one for one in node.element.get("type", ()) if one.get("code") == name]
        if types:
            yield Node(node.name, node.slice, {**node.element, "type": types}, node.children)
    else:
        yield from _targets(tree_of, node)


def _children(tree_of: TreeOf, node: Node, name: str) -> Iterator[Node]:
    """Give the children of this name and their slices; of a fixed or pattern value, its part."""
    for child in _all_children(tree_of, node):
        if child.name.removesuffix("[x]") == name:
            yield child
            yield from child.every_slice()
    for stem in ("fixed", "pattern"):
        value = given(node.element, stem)
        if value and isinstance(value[1], Mapping) and name in value[1]:
            inner = value[1][name]
            for one in inner if isinstance(inner, list) else [inner]:
                yield Node(name, "", {"min": 1, f"{stem}Value": one})


def _all_children(tree_of: TreeOf, node: Node) -> list[Node]:
    """Give the children of an element, and those of the profile its type has."""
    tree = _profiled(tree_of, node)
    return [*node.children, *(tree.children if tree else ())]


def _profiled(tree_of: TreeOf, node: Node) -> Node | None:
    profiles = profiles_of(node)
    return tree_of(profiles[0]) if len(profiles) == 1 else None


def _targets(tree_of: TreeOf, node: Node) -> Iterator[Node]:
    """Give what a reference of this element may lead to, as elements."""
    for type_ in node.element.get("type", ()):
        for url in type_.get("targetProfile", ()):
            name = url.removeprefix(CORE)
            tree = None if "/" not in name and name[:1].isupper() else tree_of(url)
            code = tree.element.get("path", tree.name) if tree else name
            element = {"type": [{"code": code, **({"profile": [url]} if tree else {})}]}
            yield Node("", "", element, tree.children if tree else [])


def profiles_of(node: Node) -> list[str]:
    """Give the profiles an element's types have."""
    return [url for one in node.element.get("type", ()) for url in profiles_of_type(one)]


def profiles_of_type(type_: Mapping[str, Any]) -> list[str]:
    """Give the profiles of a type; `url#Composition.section:a` is that element of a profile."""
    profiles = [str(url) for url in type_.get("profile", ())]
    for index, companion in enumerate(type_.get("_profile", ())[: len(profiles)]):
        for one in (companion or {}).get("extension", ()):
            if one.get("url") == _ELEMENT and isinstance(one.get("valueString"), str):
                profiles[index] += f"#{one['valueString']}"
    return profiles


def fixed_url(node: Node) -> str:
    """Give the url an extension has to have, '' if none is said."""
    url = node.child("url")
    return str(url.element.get("fixedUri", "")) if url else ""


def _value(structures: Structures, tree_of: TreeOf, nodes: Sequence[Node]) -> Told | None:
    """Decide by fixed and pattern values and required bindings, of the elements or below them."""
    if any(node.element.get("max") == "0" for node in nodes):
        return lambda found: not found
    told = [(node, _expected(structures, tree_of, node, 0)) for node in nodes]
    wanted = [(node.element.get("min", 0) > 0, expected) for node, expected in told if expected]
    if not wanted:
        return None
    needed = [expected for must, expected in wanted if must]
    return Has(needed or [expected for _, expected in wanted], every=bool(needed))


def _expected(structures: Structures, tree_of: TreeOf, node: Node, depth: int) -> Expected | None:
    element = node.element
    if element.get("max") == "0":
        return None
    if fixed := given(element, "fixed"):
        return Equals(fixed[1], fixed=True)
    if pattern := given(element, "pattern"):
        return Equals(pattern[1], fixed=False)
    if node.name == "url" and "fixedUri" not in element and not node.children:
        return None
    below_ = _expected_below(structures, tree_of, node, depth)
    return below_ or _bound(element.get("binding", {}))


def _expected_below(
    structures: Structures, tree_of: TreeOf, node: Node, depth: int
) -> Expected | None:
    if depth > _MAX_DEPTH:
        return None
    wanted = [
        (one.name.removesuffix("[x]"), expected)
        for child in _all_children(tree_of, node)
        for one in (child, *child.every_slice())
        if one is child or one.element.get("min", 0) > 0
        if (expected := _expected(structures, tree_of, one, depth + 1))
        if one.element.get("min", 0) > 0 or given(one.element, "fixed")
    ]
    if not wanted:
        return None

    def test(item: Item, walk: Walk) -> bool:
        return all(
            any(expected(one, walk) for one in below(item, structures, name))
            for name, expected in wanted
        )

    return test


def _bound(binding: Mapping[str, Any]) -> Expected | None:
    value_set = binding.get("valueSet")
    if binding.get("strength") != "required" or not isinstance(value_set, str):
        return None

    def test(item: Item, walk: Walk) -> bool:
        read = coded(item[0])
        codes = read(item[1]) if read and item[1] is not None else []
        return any(walk.visit.member(value_set, system, code) for system, code in codes)

    return test


def _exists(_structures: Structures, _tree_of: TreeOf, nodes: Sequence[Node]) -> Told | None:
    for node in nodes:
        if node.element.get("max") == "0":
            return lambda found: not found
        if node.element.get("min", 0) > 0:
            return bool
    return None


def _type(structures: Structures, _tree_of: TreeOf, nodes: Sequence[Node]) -> Told | None:
    codes = {one.get("code", "") for node in nodes for one in node.element.get("type", ())}
    codes = codes - _OPEN or codes
    if not codes:
        return None

    return OfType(structures, frozenset(codes))


def _profile(_structures: Structures, _tree_of: TreeOf, nodes: Sequence[Node]) -> Told | None:
    profiles = [url for node in nodes for url in profiles_of(node)]
    if not profiles:
        return None

    def test(found: Found) -> bool:
        return any(meets(item, url, walk) for item, walk in found for url in profiles)

    return test


def meets(item: Item, canonical: str, walk: Walk) -> bool:
    """Say whether nothing is wrong with an item by a profile."""
    found = walk.judge(item, canonical, walk) or ()
    return all(severity != "error" for _, severity, _, _ in found)


_TESTS: dict[str, Callable[[Structures, TreeOf, Sequence[Node]], Told | None]] = {
    "value": _value,
    "pattern": _value,
    "exists": _exists,
    "type": _type,
    "profile": _profile,
}
