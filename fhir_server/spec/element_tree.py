"""Element trees: a StructureDefinition's elements, each under its parent or what it is a slice of.

https://hl7.org/fhir/R4/elementdefinition.html#id
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from fhir_server.spec.tables import SpecError

ElementDefinition: TypeAlias = Mapping[str, Any]
# ("component", "Systolic") is the slice Systolic of component; "" where it is not sliced.
Step: TypeAlias = tuple[str, str]

_MAX_DEPTH = 64


@dataclass(slots=True, eq=False)
class Node:
    """One element; `slices` stand beside it: `Systolic`, and below that `Systolic/a`.

    `slice` is the name of the slice this is, '' if none. `element` is the ElementDefinition.
    """

    name: str
    slice: str
    element: dict[str, Any]
    children: list["Node"] = field(default_factory=list)
    slices: list["Node"] = field(default_factory=list)

    def child(self, name: str) -> "Node | None":
        """Give the child of this name that is not a slice."""
        return next((one for one in self.children if one.name == name), None)

    def sliced(self, name: str) -> "Node | None":
        """Give the slice of this name."""
        return next((one for one in self.slices if one.slice == name), None)

    def at(self, identity: str) -> "Node | None":
        """Give the element below this one that has an id: `Composition.section:a.code`."""
        node: Node | None = self
        for name, slice_ in _steps_of_id(identity)[1:]:
            node = node.child(name) if node else None
            if node and slice_:
                node = next((one for one in node.every_slice() if one.slice == slice_), None)
        return node

    def every_slice(self) -> Iterator["Node"]:
        """Give its slices, and theirs."""
        for one in self.slices:
            yield one
            yield from one.every_slice()

    def copy(self) -> "Node":
        """Give the same with everything below; ElementDefinitions are shared, never changed."""
        return Node(
            self.name,
            self.slice,
            dict(self.element),
            [one.copy() for one in self.children],
            [one.copy() for one in self.slices],
        )


def steps_of(
    element: ElementDefinition, before: Mapping[str, tuple[Step, ...]]
) -> tuple[Step, ...]:
    """Give the steps to an element: by its id, or by path and sliceName where the id does not fit.

    `before` are the steps of the last element of each path, to which children belong.
    Raises SpecError for an element without a path, or one too deep.
    """
    path, name = element.get("path"), element.get("sliceName", "")
    if not isinstance(path, str) or not path or not isinstance(name, str):
        raise SpecError("an element has no path")
    parts = path.split(".")
    if len(parts) > _MAX_DEPTH:
        raise SpecError(f"{path[:80]}… is deeper than {_MAX_DEPTH} elements")
    steps = _steps_of_id(element.get("id"))
    if [step[0] for step in steps] == parts and steps[-1][1] == (name or steps[-1][1]):
        return steps
    known = len(parts) - 1
    while known and ".".join(parts[:known]) not in before:
        known -= 1
    above = before.get(".".join(parts[:known]), ())
    return (*above, *((part, "") for part in parts[known:-1]), (parts[-1], name))


def _steps_of_id(text: Any) -> tuple[Step, ...]:
    if not isinstance(text, str):
        return ()
    cut = (part.partition(":") for part in text.split("."))
    return tuple((name, slice_) for name, _, slice_ in cut)


def id_of(steps: Iterable[Step]) -> str:
    """Give the id of an element: `Observation.component:Systolic.code`."""
    return ".".join(f"{name}:{slice_}" if slice_ else name for name, slice_ in steps)


def with_steps(
    elements: Iterable[ElementDefinition],
) -> Iterator[tuple[tuple[Step, ...], ElementDefinition]]:
    """Give each element of a view with the steps to it."""
    before: dict[str, tuple[Step, ...]] = {}
    for element in elements:
        steps = before[element["path"]] = steps_of(element, before)
        yield steps, element


def tree_of(elements: Iterable[ElementDefinition]) -> Node:
    """Give the tree of a snapshot. Raises SpecError if an element's parent is missing."""
    known: dict[tuple[Step, ...], Node] = {}
    root: Node | None = None
    for steps, element in with_steps(elements):
        name, slice_ = steps[-1]
        node = known[steps] = Node(name, slice_, dict(element))
        if root is None:
            root = node
            continue
        owner = known.get(
            (*steps[:-1], (name, slice_.rpartition("/")[0])) if slice_ else steps[:-1]
        )
        if owner is None:
            raise SpecError(f"{id_of(steps)} stands in the snapshot without the element above it")
        (owner.slices if slice_ else owner.children).append(node)
    if root is None:
        raise SpecError("the snapshot is empty")
    return root


def elements_of(node: Node, above: tuple[Step, ...] = ()) -> Iterator[dict[str, Any]]:
    """Give the elements of a tree as a snapshot lists them, each with its id and path."""
    steps = (*above, (node.name, node.slice))
    named = {"id": id_of(steps), "path": ".".join(name for name, _ in steps)}
    if node.slice:
        named["sliceName"] = node.slice
    yield {**named, **{key: value for key, value in node.element.items() if key not in named}}
    for child in node.children:
        yield from elements_of(child, steps)
    for one in node.slices:
        yield from elements_of(one, above)
