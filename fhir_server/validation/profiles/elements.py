"""Elements: the elements of a snapshot compiled to checks, of what it adds to the type it is of.

https://hl7.org/fhir/R4/elementdefinition.html
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fhir_server.spec.element_tree import Node
from fhir_server.spec.spec import Spec
from fhir_server.spec.structures import Element
from fhir_server.spec.tables import SpecError
from fhir_server.validation.findings import Findings
from fhir_server.validation.profiles.bound import binding_checks
from fhir_server.validation.profiles.children import Child, Children
from fhir_server.validation.profiles.constraints import constraint_checks
from fhir_server.validation.profiles.discriminators import Matches, TreeOf
from fhir_server.validation.profiles.looks import AtLeast, AtMost, Each, Every, Inside, Wholes
from fhir_server.validation.profiles.slicing import DEFAULT, Slice, Slicing, Whole
from fhir_server.validation.profiles.types import type_checks
from fhir_server.validation.profiles.values import presence_checks, value_checks
from fhir_server.validation.profiles.walk import Check, Item, Walk
from fhir_server.validation.profiles.which import ByMatches, Which, which_of

_BY_URL = {"discriminator": [{"type": "value", "path": "url"}]}
_BY_TYPE = {"discriminator": [{"type": "type", "path": "$this"}]}
_ANY = "*"
# One that looks needs nobody around it.
_TWO = 2


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
        contained = node.name == "contained"
        return Inside(compiled, self._in(node, "Element"), contained=contained)

    def _in(self, node: Node, content: str) -> Children | None:
        """Give what is to be said of the elements of an object of a type, or defined in place."""
        bases = {one.name: one for one in self.spec.structures.elements(content)}
        found: list[Child] = []
        by_key: dict[str, int] = {}
        needed: set[int] = set()
        for element in node.children:
            name = element.name.removesuffix("[x]")
            members = self.spec.structures.members(content, name)
            child = self._child(element, content, bases.get(name)) if members else None
            if child is None:
                continue
            for member in members:
                by_key |= {member.key: len(found), f"_{member.key}": len(found)}
            if any(one.element.get("min") for one in (element, *element.every_slice())):
                needed.add(len(found))
            found.append(child)
        return Children(tuple(found), by_key, frozenset(needed)) if found else None

    def _contents(self, node: Node, content: str) -> list[str]:
        """Give the types the items of an element may be of, or the path of one defined in place."""
        members = self.spec.structures.members(content, node.name.removesuffix("[x]"))
        codes = [str(one.get("code", "")) for one in node.element.get("type", ())]
        found = [one.content for one in members]
        if "Resource" in found:
            return codes
        return [one for one in found if "." in one or not codes or one in codes]

    def _child(self, node: Node, content: str, base: Element | None) -> Child | None:
        """Give an element with what is to be said of it: how many, each, and in slices."""
        slicing = self._slicing(node, content, base)
        check = self._check(node, self._contents(node, content), content, base)
        wholes = [
            *_cardinality(node, base),
            *((slicing,) if slicing else ()),
            *((Each(check),) if check else ()),
        ]
        if not wholes:
            return None
        name = node.name.removesuffix("[x]")
        one_may_stand = node.element.get("min", 0) <= 1 and node.element.get("max") != "0"
        return Child(
            name,
            self.spec.structures.members(content, name),
            wholes[0] if len(wholes) == 1 else Wholes(wholes),
            check,
            one_may_stand and not slicing,
        )

    def _whole(self, node: Node, content: str, base: Element | None) -> Whole | None:
        child = self._child(node, content, base)
        return child.whole if child else None

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
        return ByMatches([_meets(check) for check in checks])


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
        yield AtLeast(least, f"the slice {node.slice!r}" if is_slice else node.name)
    if most != _ANY and (is_slice or base is None or base.max != most):
        yield AtMost(int(most), f"the slice {node.slice!r}" if is_slice else node.name)


def all_of(checks: Sequence[Check]) -> Check | None:
    """Give the check that says what all of these say; None for none."""
    if len(checks) < _TWO:
        return checks[0] if checks else None
    return Every(checks)
