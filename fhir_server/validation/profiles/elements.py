"""Elements: the elements of a snapshot compiled to checks, of what it adds to the type it is of.

https://hl7.org/fhir/R4/elementdefinition.html
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fhir_server.fhirpath.model import Member
from fhir_server.spec.element_tree import Node
from fhir_server.spec.spec import Spec
from fhir_server.spec.structures import Element
from fhir_server.spec.tables import SpecError
from fhir_server.validation.findings import Findings, below, enough, error
from fhir_server.validation.profiles.bound import binding_checks
from fhir_server.validation.profiles.constraints import constraint_checks
from fhir_server.validation.profiles.discriminators import Matches, TreeOf
from fhir_server.validation.profiles.slicing import DEFAULT, Slice, Slicing, Whole
from fhir_server.validation.profiles.types import type_checks
from fhir_server.validation.profiles.values import presence_checks, value_checks
from fhir_server.validation.profiles.walk import (
    MAX_DEPTH,
    Check,
    Item,
    Placed,
    Walk,
    exhausted,
    items,
)
from fhir_server.validation.profiles.which import Which, by_matches, which_of

_BY_URL = {"discriminator": [{"type": "value", "path": "url"}]}
_BY_TYPE = {"discriminator": [{"type": "type", "path": "$this"}]}
_ANY = "*"
# One that looks needs nobody around it.
_TWO = 2


@dataclass(frozen=True, slots=True)
class _Child:
    """An element of an object: where its items are, and what is to be said of all of them."""

    name: str
    members: tuple[Member, ...]
    whole: Whole


@dataclass(frozen=True, slots=True)
class _Children:
    """The elements of an object, in order: by JSON property, and those that may not be missing."""

    each: tuple[_Child, ...]
    by_key: Mapping[str, int]
    needed: frozenset[int]

    def in_(self, value: Mapping[str, Any]) -> Iterator[_Child]:
        """Give those an object has, and those it should have."""
        by_key = self.by_key
        there = {by_key[key] for key in value if key in by_key}
        for number in sorted(there | self.needed):
            yield self.each[number]


@dataclass(frozen=True, slots=True, eq=False)
class Compiler:
    """What turns the tree of a snapshot into checks; `root` is the tree's.

    `repeated` are the checks of elements others repeat, `waiting` those still to be made.
    """

    spec: Spec
    tree_of: TreeOf
    root: Node
    repeated: dict[Node, Check | None] = field(default_factory=dict)
    waiting: list[tuple[Node, tuple[str, ...]]] = field(default_factory=list)

    def compiled(self, node: Node, contents: Sequence[str]) -> Check | None:
        """Give what is to be said of an item that is no element of an object; None if nothing.

        `contents` are the types it may be of. Raises SpecError for what cannot be used.
        """
        check = self._check(node, contents)
        while self.waiting:
            repeated, of = self.waiting.pop()
            self.repeated[repeated] = self._children(repeated, of)
        return check

    def _check(
        self,
        node: Node,
        contents: Sequence[str],
        content: str = "",
        base: Element | None = None,
    ) -> Check | None:
        """Give what is to be said of one item of an element.

        `content` is the type of the object it stands in, `base` the element as that type has it.
        """
        structures, element = self.spec.structures, node.element
        path = f"{content}.{node.name.removesuffix('[x]')}" if content else node.name
        inherited = {rule.key for rule in structures.invariants(path)}
        checks = [
            *type_checks(structures, element, base),
            *value_checks(element),
            *presence_checks(element),
            *binding_checks(element, base),
            *constraint_checks(structures, element, inherited),
        ]
        # One that is sliced says itself what its items are.
        if element.get("contentReference") and not node.slices:
            checks.append(self._repeat(element["contentReference"], contents))
        elif children := self._children(node, contents):
            checks.append(children)
        return all_of(checks)

    def _repeat(self, reference: str, contents: Sequence[str]) -> Check:
        """Give the check of the element another one repeats; it is made when all others are."""
        target = self.root.at(reference.rpartition("#")[2])
        if target is None:
            raise SpecError(f"{reference} refers to no element")
        if target not in self.repeated:
            self.repeated[target] = None
            self.waiting.append((target, tuple(contents)))
        repeated = self.repeated

        def check(item: Item, walk: Walk) -> Findings | None:
            one = repeated[target]
            return one(item, walk) if one else None

        return check

    def _children(self, node: Node, contents: Sequence[str]) -> Check | None:
        """Give the check of what stands in an object, by its type."""
        if not node.children:
            return None
        compiled = {content: self._in(node, content) for content in contents}
        if not any(compiled.values()):
            return None
        primitive = self._in(node, "Element")
        resource = compiled.get("Resource")

        def check(item: Item, walk: Walk) -> Findings | None:
            type_, value, companion = item
            if type(value) is not dict:
                return _look(primitive, companion or {}, walk) if primitive else None
            if "resourceType" in value and value is not walk.visit.resource:
                walk = walk.within(value, contained=node.name == "contained")
            children = compiled.get(type_, resource)
            return _look(children, value, walk) if children else None

        return check

    def _in(self, node: Node, content: str) -> _Children | None:
        """Give what is to be said of the elements of an object of a type, or defined in place."""
        bases = {one.name: one for one in self.spec.structures.elements(content)}
        found: list[_Child] = []
        by_key: dict[str, int] = {}
        needed: set[int] = set()
        for child in node.children:
            name = child.name.removesuffix("[x]")
            members = self.spec.structures.members(content, name)
            if members and (whole := self._whole(child, content, bases.get(name))):
                for member in members:
                    by_key |= {member.key: len(found), f"_{member.key}": len(found)}
                if any(one.element.get("min") for one in (child, *child.every_slice())):
                    needed.add(len(found))
                found.append(_Child(name, members, whole))
        return _Children(tuple(found), by_key, frozenset(needed)) if found else None

    def _contents(self, node: Node, content: str) -> list[str]:
        """Give the types the items of an element may be of, or the path of one defined in place."""
        members = self.spec.structures.members(content, node.name.removesuffix("[x]"))
        codes = [str(one.get("code", "")) for one in node.element.get("type", ())]
        found = [one.content for one in members]
        if "Resource" in found:
            return codes
        return [one for one in found if "." in one or not codes or one in codes]

    def _whole(self, node: Node, content: str, base: Element | None) -> Whole | None:
        """Give what is to be said of all items of an element: how many, each, and in slices."""
        wholes = [
            *_cardinality(node, base),
            *((slicing.look,) if (slicing := self._slicing(node, content, base)) else ()),
            *(
                (_each(check),)
                if (check := self._check(node, self._contents(node, content), content, base))
                else ()
            ),
        ]
        if len(wholes) < _TWO:
            return wholes[0] if wholes else None

        def whole(placed: Sequence[Placed], walk: Walk) -> Findings | None:
            found: Findings | None = None
            for look in wholes:
                if said := look(placed, walk):
                    found = [*found, *said] if found else said
            return found

        return whole

    def _slicing(self, node: Node, content: str, base: Element | None) -> Slicing | None:
        if not node.slices:
            return None
        how = node.element.get("slicing") or _default_slicing(node)
        slices = [one for one in node.slices if one.slice != DEFAULT]
        rest = node.sliced(DEFAULT)
        return Slicing(
            node.name,
            tuple(Slice(one.slice, self._whole(one, content, base)) for one in slices),
            self._which(slices, content, base, how.get("discriminator", ())),
            how.get("rules", "open"),
            how.get("ordered", False),
            self._whole(rest, content, base) if rest else None,
        )

    def _which(
        self, slices: Sequence[Node], content: str, base: Element | None, by: Sequence[Any]
    ) -> Which:
        """Give what tells the slices of an item: without discriminators, those it meets."""
        contents = [self._contents(one, content) for one in slices]
        if by:
            types = sorted({type_ for each in contents for type_ in each})
            return which_of(self.spec.structures, self.tree_of, slices, types, by)
        checks = [
            self._check(one, types, content, base)
            for one, types in zip(slices, contents, strict=True)
        ]
        return by_matches([_meets(check) for check in checks])


def _meets(check: Check | None) -> Matches:
    return lambda item, walk: check is None or not check(item, walk)


def _default_slicing(node: Node) -> Mapping[str, Any]:
    """Give how an element is sliced that does not say it: choices by type, extensions by url."""
    return _BY_TYPE if node.name.endswith("[x]") else _BY_URL if "xtension" in node.name else {}


def _cardinality(node: Node, base: Element | None) -> Iterator[Whole]:
    """Give the checks of how many there are, where the type does not say the same."""
    least, most = node.element.get("min", 0), node.element.get("max", _ANY)
    is_slice = bool(node.slice)
    if least and (is_slice or base is None or base.min < least):
        yield _at_least(least, f"the slice {node.slice!r}" if is_slice else node.name)
    if most != _ANY and (is_slice or base is None or base.max != most):
        yield _at_most(int(most), f"the slice {node.slice!r}" if is_slice else node.name)


def _at_least(least: int, name: str) -> Whole:
    def whole(placed: Sequence[Placed], _walk: Walk) -> Findings | None:
        if len(placed) >= least:
            return None
        if least == 1:
            return error("required", f"{name} is missing")
        return error("required", f"{name}: at least {least} are needed, not {len(placed)}")

    return whole


def _at_most(most: int, name: str) -> Whole:
    def whole(placed: Sequence[Placed], _walk: Walk) -> Findings | None:
        if len(placed) <= most:
            return None
        if most == 0:
            return error("structure", f"{name} may not be given here")
        return error("structure", f"{name}: at most {most} may be given, not {len(placed)}")

    return whole


def _each(check: Check) -> Whole:
    def whole(placed: Sequence[Placed], walk: Walk) -> Findings | None:
        found: Findings = []
        for place, item in placed:
            if said := check(item, walk):
                found += below(place, said)
                if enough(found):
                    break
        return found or None

    return whole


def _look(children: _Children, value: Mapping[str, Any], walk: Walk) -> Findings | None:
    """Look at the elements of an object; a budget bounds all that a resource leads to."""
    if not walk.spend(len(children.each)) or walk.budget.depth > MAX_DEPTH:
        return exhausted()
    walk.budget.depth += 1
    found: Findings = []
    for child in children.in_(value):
        if said := child.whole(items(value, child.members), walk):
            found += below(f".{child.name}", said)
            if enough(found):
                break
    walk.budget.depth -= 1
    return found or None


def all_of(checks: Sequence[Check]) -> Check | None:
    """Give the check that says what all of these say; None for none."""
    if len(checks) < _TWO:
        return checks[0] if checks else None

    def check(item: Item, walk: Walk) -> Findings | None:
        found: Findings | None = None
        for each in checks:
            if said := each(item, walk):
                found = [*found, *said] if found else said
        return found

    return check
