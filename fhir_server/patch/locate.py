"""FHIRPath that selects places in a resource: which element, where it stands, not what it is worth.

https://hl7.org/fhir/R4/fhirpatch.html, https://hl7.org/fhirpath/N1/#path-selection
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice, zip_longest
from typing import Any, NamedTuple, TypeAlias

from fhir_server.fhir import json
from fhir_server.fhirpath.flow import Item, nothing
from fhir_server.fhirpath.paths import compile_tree
from fhir_server.fhirpath.syntax import (
    Binary,
    Call,
    FhirPathError,
    Index,
    Literal,
    Name,
    Node,
    Variable,
    parse,
)
from fhir_server.patch.tree import Effort, Path, at
from fhir_server.spec.structures import Structures

# A value, and the Element beside it that has the id and the extensions of a primitive.
Pair: TypeAlias = tuple[Any, Any]

MAX_PATH = 1_000
MAX_POSITION = 1_000_000
# What an element selected or moved, and one tested, cost in the patch's effort.
PLACE, _TEST = 64, 40
# Types whose JSON says itself what it is.
_OPEN = ("Resource", "DomainResource")
# What a criterion may call: all of it looks inside the element only.
_CRITERIA = {"exists", "empty", "not", "as", "is", "ofType", "first"}


class Place(NamedTuple):
    """Where one element stands: `position` among the values of `key` in the object at `owner`.

    `within` is what that object is, `name` the element, `content` what the element is; `many`
    says that it is an array's item. The resource itself has no key.
    """

    content: str
    owner: Path = ()
    key: str = ""
    position: int = 0
    within: str = ""
    name: str = ""
    many: bool = False
    primitive: bool = False

    @property
    def path(self) -> Path:
        """Give the path to the value."""
        if not self.key:
            return self.owner
        return (*self.owner, self.key, self.position) if self.many else (*self.owner, self.key)

    @property
    def beside(self) -> Path:
        """Give the path to the Element beside a primitive: `_given` for `given`."""
        return self._replace(key=f"_{self.key}").path


@dataclass(frozen=True, slots=True)
class Ground:
    """The resource places are looked for in, its definitions, and what the looking costs."""

    structures: Structures
    resource: dict[str, Any]
    effort: Effort

    @property
    def root(self) -> Place:
        """Give the place of the resource itself."""
        return Place(str(self.resource.get("resourceType")))


def read(text: str) -> Node:
    """Give the tree of a path; FhirPathError if it is none, or selects with more than is needed."""
    if len(text) > MAX_PATH:
        raise FhirPathError(f"a path has at most {MAX_PATH} characters")
    tree = parse(text)
    try:
        _check(tree)
    except RecursionError:
        raise FhirPathError("the path has too many steps") from None
    return tree


def _check(node: Node) -> None:
    match node:
        case Index(_, Literal(int(position))) if position > MAX_POSITION:
            raise FhirPathError(f"a position is at most {MAX_POSITION}")
        case Name(source, _) | Index(source, Literal(int())):
            pass
        case Binary("as", source, Name()):
            pass
        case Call(source, "where", (criterion,)):
            _check_criterion(criterion)
        case (
            Call(source, "first" | "last", ())
            | Call(source, "extension", (Literal(str()),))
            | Call(source, "ofType" | "as", (Name(),))
        ):
            pass
        case _:
            told = "a path has elements, [0], where(), first(), last(), extension(), ofType() only"
            raise FhirPathError(told)
    if source is not None:
        _check(source)


def _check_criterion(node: Node) -> None:
    """Refuse a criterion that could look at the whole resource again for each element."""
    inner: Iterable[Node | None]
    match node:
        case Literal() | Variable("$this"):
            return
        case Name(source, _) | Index(source, Literal(int())):
            inner = (source,)
        case Binary(_, left, right):
            inner = (left, right)
        case Call(source, "extension" | "hasExtension", (Literal(str()),)):
            inner = (source,)
        case Call(source, function, arguments) if function in _CRITERIA:
            inner = (source, *arguments)
        case _:
            raise FhirPathError("a criterion compares elements with literals")
    for one in inner:
        if one is not None:
            _check_criterion(one)


def located(ground: Ground, tree: Node | None, most: int | None = None) -> list[Place]:
    """Give the places a path selects, in order, the first `most`; without a path the resource's.

    FhirPathError for an element none of the types has.
    """
    try:
        return list(islice(_located(ground, tree), most))
    except RecursionError:
        raise FhirPathError("the path has too many steps") from None


def _located(ground: Ground, node: Node | None) -> Iterator[Place]:
    """Yield the places one after the other: who needs the first only, pays for the first only."""
    match node:
        case None:
            return iter((ground.root,))
        case Name(None, name) if name[:1].isupper():
            if not ground.structures.is_a(ground.root.content, name):
                raise FhirPathError(f"the resource is a {ground.root.content}, not a {name[:64]}")
            return iter((ground.root,))
        case Name(source, name):
            return _children(ground, _located(ground, source), name)
        case Index(source, Literal(int(position))):
            return islice(_located(ground, source), position, position + 1)
        case Binary("as", source, type_):
            return _of_type(ground, _located(ground, source), type_)
        case Call(source, function, arguments):
            return _STEPS[function](ground, _located(ground, source), *arguments)
        case _:
            raise FhirPathError("this is no path")


def _children(ground: Ground, places: Iterable[Place], name: str) -> Iterator[Place]:
    known, place = False, None
    for place in places:
        content, path = place.content, place.path
        if place.primitive:
            content, path = "Element", place.beside
        members = ground.structures.members(content, name)
        known = known or bool(members)
        owner = standing(ground.resource, path)
        for member in members if isinstance(owner, dict) else ():
            one = Place(
                content=member.content,
                owner=path,
                key=member.key,
                within=content,
                name=name,
                many=not member.single,
                primitive=member.primitive,
            )
            yield from _items(ground, owner, one)
    if place and not known:
        raise FhirPathError(f"{place.content} has no element {name[:64]!r}")


def _items(ground: Ground, owner: dict[str, Any], one: Place) -> Iterator[Place]:
    given = [owner[key] for key in (one.key, f"_{one.key}") if owner.get(key) is not None]
    if any(isinstance(value, list) != one.many for value in given):
        return
    for position, (value, beside) in enumerate(_pairs(owner, one.key)):
        if value is None and beside is None:
            continue
        ground.effort.spend(PLACE)
        content = one.content
        if content in _OPEN and isinstance(value, dict):
            type_ = value.get("resourceType")
            if isinstance(type_, str) and ground.structures.knows(type_):
                content = type_
        yield one._replace(content=content, position=position)


def pairs(owner: dict[str, Any], key: str) -> list[Pair]:
    """Give the values of a property, each with the Element beside it."""
    return list(_pairs(owner, key))


def _pairs(owner: dict[str, Any], key: str) -> Iterator[Pair]:
    return zip_longest(_listed(owner.get(key)), _listed(owner.get(f"_{key}")))


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def standing(resource: Any, path: Path) -> Any:
    """Give what stands at a path, None where nothing does."""
    try:
        return at(resource, path)
    except (KeyError, IndexError, TypeError):
        return None


def _where(ground: Ground, places: Iterator[Place], criterion: Node) -> Iterator[Place]:
    root = (ground.root.content, ground.resource)
    # Each node of the tree is written with one bracket.
    steps = repr(criterion).count("(")
    tests: dict[str, Callable[[Item, Item], bool | None]] = {}
    for place in places:
        content = place.content
        if content not in tests:
            focus = replace(nothing(), contents=frozenset([content]))
            tests[content] = compile_tree(
                ground.structures, criterion, ground.root.content, focus
            ).truth
        value = standing(ground.resource, place.path)
        ground.effort.spend((_TEST + len(json.dump(value))) * steps)
        if tests[content](root, (content, value)):
            yield place


def _extension(ground: Ground, places: Iterator[Place], url: Node) -> Iterator[Place]:
    for one in _children(ground, places, "extension"):
        if url == Literal(standing(ground.resource, (*one.path, "url"))):
            yield one


def _of_type(ground: Ground, places: Iterator[Place], type_: Node) -> Iterator[Place]:
    name = type_.name if isinstance(type_, Name) else ""
    return (place for place in places if ground.structures.is_a(place.content, name))


_STEPS: dict[str, Callable[..., Iterator[Place]]] = {
    "where": _where,
    "extension": _extension,
    "ofType": _of_type,
    "as": _of_type,
    "first": lambda _ground, places: islice(places, 1),
    "last": lambda _ground, places: iter(deque(places, maxlen=1)),
}
