"""From an item to its children: elements, primitives with their companions, all descendants.

JSON form of elements: https://hl7.org/fhir/R4/json.html#primitive
"""

from collections.abc import Iterable
from itertools import zip_longest
from typing import Any, TypeAlias

from fhir_server.fhirpath.language.environment import Exceeded, Frame, Item
from fhir_server.fhirpath.language.step import Run, Step, collection
from fhir_server.fhirpath.model import Member, Model
from fhir_server.fhirpath.syntax import FhirPathError

# JSON property, its companion's (None if its values are no primitives), what stands in it.
Way: TypeAlias = tuple[str, str | None, str]

# Types whose JSON says itself what it is.
_OPEN = ("Resource", "DomainResource")
_COMPANION: tuple[Way, ...] = (("extension", None, "Extension"), ("id", "_id", "string"))
# What type() gives: https://hl7.org/fhirpath/N1/#reflection
TYPE_INFO = "System.TypeInfo"
_TYPE_INFO: tuple[Way, ...] = (
    ("namespace", "", "System.String"),
    ("name", "", "System.String"),
)
MAX_DEPTH = 200
# From here on it is quicker to look at what is there than at what could be.
_MANY = 4


def ways(members: Iterable[Member]) -> tuple[Way, ...]:
    """Give what a step looks at for each property."""
    return tuple(
        (member.key, f"_{member.key}" if member.primitive else None, member.content)
        for member in members
    )


def by_key(along: Iterable[Way]) -> dict[str, Way]:
    """Give the ways by the properties they are taken by, a companion's too."""
    along = tuple(along)
    return {way[1]: way for way in along if way[1]} | {way[0]: way for way in along}


def taken(value: dict[str, Any], ways_by_key: dict[str, Way]) -> list[Way]:
    """Give the ways an object has something on, each once."""
    return [
        way
        for key in value
        if (way := ways_by_key.get(key)) is not None and (key == way[0] or way[0] not in value)
    ]


def follow(value: Any, along: Iterable[Way]) -> list[Item]:
    """Give the children of a JSON object along some of its properties."""
    found: list[Item] = []
    if type(value) is not dict:
        return found
    for key, companion, type_ in along:
        inner = value.get(key)
        if companion is not None:
            beside = value.get(companion)
            if type(inner) is list or type(beside) is list:
                _pairs(type_, inner, beside, found)
            elif inner is not None or beside is not None:
                found.append((type_, inner, beside))
        elif inner is None:
            continue
        elif type(inner) is list:
            found += [item_of(type_, item) for item in inner if item is not None]
        elif type_ in _OPEN:
            found.append(item_of(type_, inner))
        else:
            found.append((type_, inner, None))
    return found


def _pairs(type_: str, inner: Any, beside: Any, found: list[Item]) -> None:
    values = inner if type(inner) is list else []
    companions = beside if type(beside) is list else []
    found += [
        (type_, value, companion)
        for value, companion in zip_longest(values, companions)
        if value is not None or companion is not None
    ]


def item_of(type_: str, value: Any) -> Item:
    """Give an item that is no primitive; a resource says itself of which type it is."""
    if type_ in _OPEN and type(value) is dict:
        named = value.get("resourceType")
        if type(named) is str:
            return (named, value, None)
    return (type_, value, None)


def child(model: Model, source: Step | None, name: str, types: frozenset[str] | None) -> Step:
    """Give the step to the element `name` of the source, or of $this.

    `types` are the source's, None if they are not known. FhirPathError if none has such an element.
    """
    reached = _reached(model, types, name)
    one = _named(model, name)
    return collection(one if source is None else _through(source.run, one), reached)


def _named(model: Model, name: str) -> Run:
    """Give the function from an item to its children of a name; it learns as it meets types."""
    known: dict[str, tuple[Way, ...]] = {}
    keyed: dict[str, dict[str, Way]] = {}
    beside = tuple(way for way in _COMPANION if way[0] == name)

    def learn(type_: str) -> tuple[Way, ...]:
        if type_ == TYPE_INFO:
            return tuple(way for way in _TYPE_INFO if way[0] == name)
        found = ways(model.members(type_, name))
        if len(found) > _MANY:
            keyed[type_] = by_key(found)
        # A type that is none may come from anybody: it is not kept.
        return known.setdefault(type_, found) if found else found

    def run(this: Item, _frame: Frame) -> list[Item]:
        type_, value, companion = this
        if type(value) is not dict:
            return follow(companion, beside) if beside else []
        along = known.get(type_) or learn(type_)
        if len(along) > _MANY:
            return follow(value, taken(value, keyed[type_]))
        return follow(value, along)

    return run


def _through(before: Run, one: Run) -> Run:
    def run(this: Item, frame: Frame) -> list[Item]:
        items = before(this, frame)
        if len(items) == 1:
            return one(items[0], frame)
        found: list[Item] = []
        if not items:
            return found
        for item in items:
            found += one(item, frame)
        frame.spend(len(items))
        return frame.hold(found)

    return run


def _reached(model: Model, types: frozenset[str] | None, name: str) -> frozenset[str] | None:
    if types is None:
        return None
    members = [member for type_ in types for member in model.members(type_, name)]
    if not members and types and not any(_loose(model, type_) for type_ in types):
        raise FhirPathError(f"{' and '.join(sorted(types))} have no element {name!r}")
    contents = {member.content for member in members}
    return None if not contents or contents & {*_OPEN, "Element"} else frozenset(contents)


def _loose(model: Model, type_: str) -> bool:
    """Say whether the element of a type may be more than the type says."""
    return type_ in _OPEN or not model.children(type_) or type_.startswith("System.")


def children(model: Model) -> Run:
    """Give the function from an item to all its children."""
    known: dict[str, dict[str, Way]] = {}

    def learn(type_: str) -> dict[str, Way]:
        found = by_key(ways(model.children(type_)))
        return known.setdefault(type_, found) if found else found

    def run(this: Item, _frame: Frame) -> list[Item]:
        type_, value, companion = this
        if type(value) is dict:
            return follow(value, taken(value, known.get(type_) or learn(type_)))
        return follow(companion, _COMPANION) if companion is not None else []

    return run


def repeated(items: list[Item], step: Run, frame: Frame) -> list[Item]:
    """Give what a step yields, what it yields of that, and so on; each element once."""
    found: list[Item] = []
    seen: set[object] = set()
    level = items
    for _ in range(MAX_DEPTH):
        following: list[Item] = []
        for item in level:
            following += step(item, frame)
        frame.spend(len(level) + len(following))
        level = [item for item in following if _first_time(item, seen)]
        if not level:
            return found
        found += level
        frame.hold(level)
    raise Exceeded(f"repeat() goes on for more than {MAX_DEPTH} levels")


def _first_time(item: Item, seen: set[object]) -> bool:
    """Note an item; elements are known by where they stand, values by what they are."""
    type_, value, companion = item
    if type(value) is dict or companion is not None:
        mark: object = (type_, id(value), id(companion))
    else:
        mark = (type_, type(value), repr(value))
    if mark in seen:
        return False
    seen.add(mark)
    return True


def descendants(items: list[Item], step: Run, frame: Frame) -> list[Item]:
    """Give all children, their children, and so on."""
    found: list[Item] = []
    level = items
    for _ in range(MAX_DEPTH):
        following: list[Item] = []
        for item in level:
            following += step(item, frame)
        if not following:
            return found
        found += frame.hold(following)
        level = following
    raise Exceeded(f"the resource is nested more than {MAX_DEPTH} levels deep")
