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
from fhir_server.validation.findings import ENOUGH, Findings, below, error
from fhir_server.validation.profiles.bound import binding_checks
from fhir_server.validation.profiles.constraints import constraint_checks
from fhir_server.validation.profiles.discriminators import Matches, TreeOf, matcher
from fhir_server.validation.profiles.slicing import DEFAULT, Slice, Slicing, Whole
from fhir_server.validation.profiles.types import type_checks
from fhir_server.validation.profiles.values import value_checks
from fhir_server.validation.profiles.walk import (
    MAX_DEPTH,
    Check,
    Item,
    Placed,
    Walk,
    exhausted,
    items,
)

_BY_URL = {"discriminator": [{"type": "value", "path": "url"}]}
_BY_TYPE = {"discriminator": [{"type": "type", "path": "$this"}]}
_ANY = "*"


@dataclass(frozen=True, slots=True)
class _Child:
    """An element of an object: where its items are, and what is to be said of all of them."""

    name: str
    members: tuple[Member, ...]
    whole: Whole


@dataclass(frozen=True, slots=True, eq=False)
class Compiler:
    """What turns the tree of a snapshot into checks; `root` is the tree's."""

    spec: Spec
    tree_of: TreeOf
    root: Node
    known: dict[Node, Check | None] = field(default_factory=dict)

    def check(self, node: Node, content: str = "", base: Element | None = None) -> Check | None:
        """Give what is to be said of one item of an element; None if nothing.

        `content` is the type of the object it stands in, `base` the element as that type has it.
        """
        structures, element = self.spec.structures, node.element
        path = f"{content}.{node.name.removesuffix('[x]')}" if content else node.name
        inherited = {rule.key for rule in structures.invariants(path)}
        checks = [
            *type_checks(structures, element, base),
            *value_checks(element),
            *binding_checks(element, base),
            *constraint_checks(structures, element, inherited),
        ]
        if element.get("contentReference"):
            checks.append(self._repeated(element["contentReference"]))
        elif children := self._children(node):
            checks.append(children)
        return all_of(checks)

    def _repeated(self, reference: str) -> Check:
        """Give the check of the element another one repeats, compiled when first met."""
        node: Node | None = self.root
        for name in reference.rpartition("#")[2].split(".")[1:]:
            node = node.child(name) if node else None
        if node is None:
            raise SpecError(f"{reference} refers to no element")
        target = node

        def check(item: Item, walk: Walk) -> Findings | None:
            if target not in self.known:
                self.known[target] = self._children(target)
            one = self.known[target]
            return one(item, walk) if one else None

        return check

    def _children(self, node: Node) -> Check | None:
        """Give the check of what stands in an object; by the type of the item, when first met."""
        if not node.children:
            return None
        types = [one.get("code", "") for one in node.element.get("type", ())]
        compiled: dict[str, list[_Child]] = {}
        if len(types) == 1 and self.spec.structures.knows(types[0]):
            compiled[types[0]] = self._compiled(node, types[0])
            if not compiled[types[0]] and not self.spec.structures.by_name[types[0]].abstract:
                return None

        def check(item: Item, walk: Walk) -> Findings | None:
            type_, value, companion = item
            if not isinstance(value, Mapping):
                type_, value = "Element", companion or {}
            children = compiled.get(type_)
            if children is None:
                children = compiled[type_] = self._compiled(node, type_)
            return _look(children, value, walk)

        return check

    def _compiled(self, node: Node, content: str) -> list[_Child]:
        bases = {one.name: one for one in self.spec.structures.elements(content)}
        found: list[_Child] = []
        for child in node.children:
            name = child.name.removesuffix("[x]")
            members = self.spec.structures.members(content, name)
            if members and (whole := self._whole(child, content, bases.get(name))):
                found.append(_Child(name, members, whole))
        return found

    def _whole(self, node: Node, content: str, base: Element | None) -> Whole | None:
        """Give what is to be said of all items of an element: how many, each, and in slices."""
        wholes = [
            *_cardinality(node, base),
            *((slicing.look,) if (slicing := self._slicing(node, content, base)) else ()),
            *((_each(check),) if (check := self.check(node, content, base)) else ()),
        ]
        if not wholes:
            return None

        def whole(placed: Sequence[Placed], walk: Walk) -> Findings | None:
            found = [one for look in wholes for one in look(placed, walk) or ()]
            return found or None

        return whole

    def _slicing(self, node: Node, content: str, base: Element | None) -> Slicing | None:
        if not node.slices:
            return None
        how = node.element.get("slicing") or _default_slicing(node)
        discriminators = how.get("discriminator", ())
        slices = [
            Slice(
                one.slice,
                self._matches(one, content, base, discriminators),
                self._whole(one, content, base),
            )
            for one in node.slices
        ]
        return Slicing(
            node.name,
            tuple(one for one in slices if one.name != DEFAULT),
            how.get("rules", "open"),
            how.get("ordered", False),
            next((one.whole for one in slices if one.name == DEFAULT), None),
        )

    def _matches(
        self, node: Node, content: str, base: Element | None, discriminators: Sequence[Any]
    ) -> Matches:
        """Give what tells who is in a slice: without discriminators, who meets all it says."""
        if node.slice == DEFAULT:
            return lambda _item, _walk: False
        if discriminators:
            return matcher(self.spec.structures, self.tree_of, node, discriminators)
        check = self.check(node, content, base)
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
                if len(found) >= ENOUGH:
                    break
        return found or None

    return whole


def _look(children: Sequence[_Child], value: Mapping[str, Any], walk: Walk) -> Findings | None:
    """Look at the elements of an object; a budget bounds all that a resource leads to."""
    if not walk.spend(len(children)) or walk.budget.depth > MAX_DEPTH:
        return exhausted()
    walk.budget.depth += 1
    found: Findings = []
    for child in children:
        if said := child.whole(items(value, child.members), walk):
            found += below(f".{child.name}", said)
            if len(found) >= ENOUGH:
                break
    walk.budget.depth -= 1
    return found or None


def all_of(checks: Sequence[Check]) -> Check | None:
    """Give the check that says what all of these say; None for none."""
    if len(checks) < 2:  # noqa: PLR2004 (one check needs nobody around it)
        return checks[0] if checks else None

    def check(item: Item, walk: Walk) -> Findings | None:
        found = [one for each in checks for one in each(item, walk) or ()]
        return found or None

    return check
