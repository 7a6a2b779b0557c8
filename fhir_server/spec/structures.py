"""Structures: what a resource or data type is made of, and the JSON properties that gives.

https://hl7.org/fhir/R4/structuredefinition.html
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from fhir_server.fhirpath.model import Member


@dataclass(frozen=True, slots=True)
class Element:
    """One element of a structure.

    `name` is without `[x]`; `types` maps each type to the types its references may name (empty:
    any, or not a reference); `content` is the path whose elements stand here too (R4's
    contentReference); `max` is a number or `*`. `binding` is the value set its codes must come from
    (`extensible`: where it has a fitting one), `outermost` the one no code may be outside of.
    `summary`: it belongs to `_summary=true`. `modifier`: it changes what the others mean.
    """

    name: str
    types: dict[str, tuple[str, ...]] = field(default_factory=dict)
    min: int = 0
    max: str = "1"
    choice: bool = False
    content: str = ""
    binding: str = ""
    extensible: bool = False
    outermost: str = ""
    summary: bool = False
    modifier: bool = False

    @property
    def required(self) -> str:
        """The value set its codes must come from, '' if they may come from elsewhere."""
        return "" if self.extensible else self.binding


@dataclass(frozen=True, slots=True)
class Invariant:
    """A rule in FHIRPath; one that is not of an error is of a warning.

    https://hl7.org/fhir/R4/conformance-rules.html#constraints
    """

    key: str
    expression: str
    human: str = ""
    warning: bool = False


@dataclass(frozen=True, slots=True)
class Structure:
    """A type as R4 or a guest defines it.

    `elements` holds, by path of the parent (`Patient`, `Patient.contact`), what this type adds
    to its `base`, in order; `invariants`, by path of the element (`Patient.contact`), the rules
    this type adds. `kind` is resource, complex-type or primitive-type. `normative`: the standard
    promises not to change it.
    """

    name: str
    kind: str
    url: str
    base: str = ""
    abstract: bool = False
    normative: bool = False
    elements: dict[str, tuple[Element, ...]] = field(default_factory=dict)
    invariants: dict[str, tuple[Invariant, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Key:
    """A JSON property: `valueQuantity` is the element `value[x]` as a Quantity.

    `content` names what stands in it: the type, or the path of an element defined in place.
    """

    key: str
    element: Element
    type: str
    content: str


@dataclass(frozen=True, slots=True, eq=False)
class Structures:
    """All types of a base, by name; answers about paths are computed once, when first asked."""

    by_name: Mapping[str, Structure]
    _keys: dict[str, dict[str, Key]] = field(default_factory=dict, repr=False)
    _members: dict[tuple[str, str], tuple[Member, ...]] = field(default_factory=dict, repr=False)

    def knows(self, type_: str) -> bool:
        """Say whether this is the name of a type."""
        return type_ in self.by_name

    def is_a(self, content: str, type_: str) -> bool:
        """Say whether `content` is the type or a specialisation of it; a primitive is only itself.

        (By inheritance a canonical would be a uri too, but `as uri` in R4's search parameters
        means exactly that, so that `ConceptMap.sourceUri` and `.sourceCanonical` differ.)
        """
        if content == type_:
            return True
        found = self.by_name.get(content)
        if found is None or found.kind == "primitive-type":
            return False
        return bool(found.base) and self.is_a(found.base, type_)

    def primitive(self, type_: str) -> bool:
        """Say whether values of the type are plain JSON values."""
        found = self.by_name.get(type_)
        return found is not None and found.kind == "primitive-type"

    def elements(self, path: str) -> tuple[Element, ...]:
        """Give the elements of a type (`Patient`) or of one in place (`Patient.contact`), in order.

        () for a path that has none.
        """
        root = self.by_name.get(path.partition(".")[0])
        if root is None:
            return ()
        own = root.elements.get(path, ())
        base = root.base if root.name == path else self._type_at(path)
        return (self.elements(base) if base else ()) + own

    def invariants(self, path: str) -> tuple[Invariant, ...]:
        """Give the rules of a type or of an element (`Patient.contact`), inherited ones first."""
        root = self.by_name.get(path.partition(".")[0])
        if root is None:
            return ()
        own = root.invariants.get(path, ())
        return (self.invariants(root.base) if root.base and root.name == path else ()) + own

    def keys(self, path: str) -> Mapping[str, Key]:
        """Give the JSON properties of a path, by name: `Observation` → `valueQuantity` → …."""
        known = self._keys.get(path)
        if known is None:
            found = [
                key for element in self.elements(path) for key in self._properties(path, element)
            ]
            known = self._keys.setdefault(path, {key.key: key for key in found})
        return known

    def members(self, content: str, name: str) -> tuple[Member, ...]:
        """Give the properties the element `name` of `content` can appear as; () if it has none."""
        known = self._members.get((content, name))
        if known is None:
            found = tuple(
                self._member(key) for key in self.keys(content).values() if key.element.name == name
            )
            # A name that is no element may come from anybody: it is not kept.
            known = self._members.setdefault((content, name), found) if found else found
        return known

    def children(self, content: str) -> tuple[Member, ...]:
        """Give the properties of all elements of `content`, in order."""
        return tuple(self._member(key) for key in self.keys(content).values())

    def base(self, content: str) -> str:
        """Give the type `content` is made from (`code`: `string`); '' if there is none."""
        if "." in content:
            return self._type_at(content) if self._in_place(content) else ""
        found = self.by_name.get(content)
        return found.base if found else ""

    def _member(self, key: Key) -> Member:
        return Member(
            key.key,
            key.content,
            single=key.element.max == "1",
            primitive=self.primitive(key.type),
            binding=key.element.required if key.type == "code" else "",
        )

    def _properties(self, path: str, element: Element) -> Iterator[Key]:
        here = f"{path}.{element.name}"
        if element.content:
            yield Key(element.name, element, self._type_at(element.content), element.content)
        for type_ in element.types:
            name = element.name + type_[:1].upper() + type_[1:] if element.choice else element.name
            yield Key(name, element, type_, here if self._in_place(here) else type_)

    def _in_place(self, path: str) -> bool:
        root = self.by_name.get(path.partition(".")[0])
        return root is not None and path in root.elements

    def _type_at(self, path: str) -> str:
        """Give the type of an element defined in place: BackboneElement or Element."""
        parent, _, name = path.rpartition(".")
        root = self.by_name[path.partition(".")[0]]
        for element in root.elements.get(parent, ()):
            if element.name == name:
                return next(iter(element.types), "BackboneElement")
        return "BackboneElement"
