"""Snapshots: every element of a profile, made from its differential and the snapshot of its base.

https://hl7.org/fhir/R4/profiling.html#snapshot
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from fhir_server.spec.element_tree import Node, Step, elements_of, id_of, tree_of, with_steps
from fhir_server.spec.tables import SpecError

# Canonical → StructureDefinition; None where it is not known.
Find: TypeAlias = Callable[[str], Mapping[str, Any] | None]

MAX_ELEMENTS = 20_000
_MAX_BASES = 32
_TYPE_URL = "http://hl7.org/fhir/StructureDefinition/"
_BY_URL = {"discriminator": [{"type": "value", "path": "url"}], "ordered": False, "rules": "open"}
_BY_TYPE = {
    "discriminator": [{"type": "type", "path": "$this"}],
    "ordered": False,
    "rules": "closed",
}
_EXTENSIONS = ("extension", "modifierExtension")
# What a slice does not take over from the element it is a slice of.
_NOT_SLICED = ("slicing", "min", "sliceName", "id", "path")


def snapshot(definition: Mapping[str, Any], find: Find) -> list[dict[str, Any]]:
    """Give the elements of the snapshot of a StructureDefinition: its own, or one made.

    `find` gives the definitions it is built on. Raises SpecError: a base or type that is not known,
    bases that lead back to themselves, an element the base has not, more than 20,000 elements.
    """
    return list(elements_of(_Making(find).tree(definition)))


@dataclass(slots=True)
class _Making:
    find: Find
    chain: tuple[str, ...] = ()
    count: int = 0
    known: dict[str, Node] = field(default_factory=dict)
    short: list[Node] = field(default_factory=list)

    def tree(self, definition: Mapping[str, Any]) -> Node:
        """Give the tree of a definition's snapshot."""
        given = definition.get("snapshot", {}).get("element")
        if given:
            return tree_of(given)
        url = str(definition.get("url", ""))
        if url in self.chain:
            told = " → ".join((*self.chain, url))
            raise SpecError(f"the definition is built on itself: {told}")
        if len(self.chain) >= _MAX_BASES:
            raise SpecError(f"{url} is built on more than {_MAX_BASES} others")
        self.chain = (*self.chain, url)
        root = self.named(definition.get("baseDefinition", ""), f"the base of {url}")
        self.chain = self.chain[:-1]
        if definition.get("derivation") != "constraint":
            root.name = definition["type"].rpartition("/")[2]
        self._constrain(root, definition)
        return root

    def named(self, url: str, told: str) -> Node:
        """Give a copy of the tree of the definition of this url; `told` says whose it is."""
        known = self.known.get(url)
        if known is None:
            definition = self.find(url)
            if definition is None:
                raise SpecError(f"{told}, {url or 'none'}, is not known here")
            known = self.known[url] = self.tree(definition)
        return self._copy(known)

    def _copy(self, node: Node) -> Node:
        self.count += sum(1 for _ in elements_of(node))
        if self.count > MAX_ELEMENTS:
            raise SpecError(f"the snapshot comes to more than {MAX_ELEMENTS:,} elements")
        return node.copy()

    def _constrain(self, root: Node, definition: Mapping[str, Any]) -> None:
        open_ = definition.get("derivation") != "constraint"
        # What repeats an element repeats it as the base has it, not as it is sliced here.
        plain = root if open_ else self.known.get(definition.get("baseDefinition", ""), root)
        for steps, element in with_steps(definition.get("differential", {}).get("element", ())):
            if steps[0][0] != root.name:
                raise SpecError(f"{id_of(steps)} does not begin with {root.name}")
            node = root
            for number, step in enumerate(steps[1:], 2):
                below = self._step(plain, node, step)
                if below is None and open_ and number == len(steps):
                    below = Node(step[0], step[1], {"min": 0, "max": "1"})
                    node.children.append(below)
                if below is None:
                    raise SpecError(f"{id_of(steps[:number])} is no element of its base")
                node = below
            self._merge(node, element, definition)
        for node in self.short:
            _narrow(node)
        self.short.clear()

    def _step(self, root: Node, node: Node, step: Step) -> Node | None:
        """Give the child a step leads to, made from the type of the element where need be."""
        name, slice_ = step
        if not node.children:
            self._expand(root, node)
        found = node.child(name)
        if found is None:
            found = _choice(node, name)
            if found is None:
                return None
            slice_ = slice_ or name
            if "slicing" not in found.element:
                found.element["slicing"] = _BY_TYPE
                self.short.append(found)
        parts = slice_.split("/") if slice_ else []
        for number in range(1, len(parts) + 1):
            found = self._slice(found, "/".join(parts[:number]))
        return found

    def _slice(self, node: Node, name: str) -> Node:
        found = node.sliced(name)
        if found is None:
            kept = {key: value for key, value in node.element.items() if key not in _NOT_SLICED}
            below = [self._copy(one) for one in node.children]
            found = Node(node.name, name, {"min": 0, **kept}, below)
            if node.name.endswith("[x]"):
                _take_type(found, name)
            if node.name in _EXTENSIONS:
                node.element.setdefault("slicing", _BY_URL)
            node.slices.append(found)
        return found

    def _expand(self, root: Node, node: Node) -> None:
        """Give an element without children those of its type, or of the element it repeats."""
        repeated = node.element.get("contentReference")
        if repeated:
            like = _at(root, repeated.rpartition("#")[2])
            node.children = [self._copy(one) for one in like.children]
            node.element.pop("contentReference")
            node.element["type"] = like.element.get("type", [])
            return
        types = node.element.get("type", ())
        codes = {one.get("code", "") for one in types}
        profiles = [url for one in types for url in one.get("profile", ())]
        told = f"the type of {node.name}"
        if len(codes) == 1 and len(profiles) == 1:
            node.children = self.named(profiles[0], told).children
        elif len(codes) == 1:
            node.children = self.named(_type_url(codes.pop()), told).children
        elif codes:
            node.children = self.named(f"{_TYPE_URL}Element", told).children

    def _merge(self, node: Node, element: Mapping[str, Any], definition: Mapping[str, Any]) -> None:
        """Say of an element what the differential says of it."""
        url = str(definition.get("url", ""))
        said = {key: value for key, value in element.items() if key not in ("id", "path")}
        rules = [{"source": url, **rule} for rule in said.pop("constraint", ())]
        if node.slice and node.name in _EXTENSIONS:
            node.element |= self._of_extension(said)
        node.element |= said
        if rules:
            keys = {rule.get("key") for rule in rules}
            kept = [one for one in node.element.get("constraint", ()) if one["key"] not in keys]
            node.element["constraint"] = kept + rules

    def _of_extension(self, said: Mapping[str, Any]) -> dict[str, Any]:
        """Give what the definition of an extension says of how often it stands."""
        profiles = [url for one in said.get("type", ()) for url in one.get("profile", ())]
        found = self.find(profiles[0]) if len(profiles) == 1 else None
        view = (found or {}).get("snapshot") or (found or {}).get("differential") or {}
        root: Mapping[str, Any] = next(iter(view.get("element", ())), {})
        return {key: root[key] for key in ("min", "max", "isModifier") if key in root}


def _choice(node: Node, name: str) -> Node | None:
    """Give the choice element `valueQuantity` is a short form of."""
    found = (one for one in node.children if one.name.endswith("[x]") and _typed(one, name))
    return next(found, None)


def _typed(node: Node, name: str) -> list[dict[str, Any]]:
    """Give the types of a choice element that make it `valueQuantity`."""
    stem = node.name.removesuffix("[x]")
    return [one for one in node.element.get("type", ()) if stem + _upper(one["code"]) == name]


def _narrow(node: Node) -> None:
    """Leave a choice element only the types whose short forms the differential uses."""
    allowed = [one for below in node.slices for one in below.element.get("type", ())]
    node.element["type"] = [one for one in node.element["type"] if one in allowed]


def _take_type(node: Node, name: str) -> None:
    types = _typed(node, name)
    if types:
        node.element["type"] = types


def _upper(code: str) -> str:
    return code[:1].upper() + code[1:]


def _at(root: Node, path: str) -> Node:
    node: Node | None = root
    for name in path.split(".")[1:]:
        node = node.child(name) if node else None
    if node is None:
        raise SpecError(f"{path} is referred to, and is no element")
    return node


def _type_url(code: str) -> str:
    if code.startswith("http://hl7.org/fhirpath/"):
        return f"{_TYPE_URL}Element"
    return code if "/" in code else _TYPE_URL + code
