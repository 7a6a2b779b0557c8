"""FHIRPath Patch: add, insert, delete, replace and move elements of a resource, all or none.

https://hl7.org/fhir/R4/fhirpatch.html
"""

from collections.abc import Callable, Sequence
from typing import Any

from fhir_server.fhir.errors import FhirError, Unprocessable
from fhir_server.fhirpath.syntax import FhirPathError, Name, Node
from fhir_server.patch.locate import PLACE, Ground, Pair, Place, located, pairs, standing
from fhir_server.patch.operations import Operation
from fhir_server.patch.tree import Effort, Path, edited
from fhir_server.patch.value import ValueFault, fitted, present, put
from fhir_server.spec.structures import Structures

Resource = dict[str, Any]


class _Misfit(ValueError):
    """The operation does not fit the resource; the message says why."""


def run(structures: Structures, operations: Sequence[Operation], resource: Resource) -> Resource:
    """Give the resource as the operations leave it; it is not changed itself.

    Raises Unprocessable naming the operation that does not fit what it finds.
    """
    effort = Effort()
    for operation in operations:
        try:
            ground = Ground(structures, resource, effort)
            resource = _OPERATIONS[operation.type](ground, operation)
        except (_Misfit, FhirPathError, ValueFault) as error:
            raise _failed(operation, str(error)) from None
        except FhirError as error:
            raise _failed(operation, error.issues[0].diagnostics, error.issues[0].code) from None
    return resource


def _failed(operation: Operation, why: str, code: str | None = None) -> Unprocessable:
    told = f"The operation {operation.text} does not fit: {why}"
    return Unprocessable(told, code=code, expression=operation.where)


def _one(ground: Ground, path: Node | None) -> Place:
    places = located(ground, path, 2)
    if len(places) != 1:
        raise _Misfit(f"the path selects {'several elements' if places else 'no element'}, not one")
    return places[0]


def _add(ground: Ground, operation: Operation) -> Resource:
    """Append to a list, or set what is not there yet."""
    place = _one(ground, operation.path)
    content = _inside(place)
    key, pair = fitted(ground.structures, content, operation.name, operation.value)
    many = key.element.max != "1"

    def edit(owner: Resource) -> None:
        if not many and present(ground.structures, owner, content, operation.name):
            raise _Misfit(f"{operation.name} is there already; replace it")
        put(owner, key.key, [*_given(ground, owner, key.key), pair], many=many)

    return _changed(ground, place, edit, pair)


def _insert(ground: Ground, operation: Operation) -> Resource:
    """Put a value into a list, before the one at `index`."""
    place, name = _list(ground, operation)
    key, pair = fitted(ground.structures, _inside(place), name, operation.value)

    def edit(owner: Resource) -> None:
        given = _given(ground, owner, key.key)
        _check_index(operation.index, len(given) + 1)
        given.insert(operation.index, pair)
        put(owner, key.key, given, many=True)

    return _changed(ground, place, edit, pair)


def _move(ground: Ground, operation: Operation) -> Resource:
    """Move a list's item from `source` to `destination`, counted without it."""
    place, name = _list(ground, operation)
    (member,) = ground.structures.members(_inside(place), name)

    def edit(owner: Resource) -> None:
        given = _given(ground, owner, member.key)
        _check_index(operation.source, len(given))
        _check_index(operation.destination, len(given))
        given.insert(operation.destination, given.pop(operation.source))
        put(owner, member.key, given, many=True)

    return _changed(ground, place, edit, (None, None))


def _delete(ground: Ground, operation: Operation) -> Resource:
    """Take an element out; nothing is wrong where there is none."""
    if not located(ground, operation.path, 1):
        return ground.resource
    place = _element(ground, operation.path)

    def edit(owner: Resource) -> None:
        given = _given(ground, owner, place.key)
        del given[place.position]
        put(owner, place.key, given, many=place.many)

    return _edited(ground, place.owner, edit)


def _replace(ground: Ground, operation: Operation) -> Resource:
    """Put a value in the place of one; of a choice, also one of another type."""
    place = _element(ground, operation.path)
    key, pair = fitted(ground.structures, place.within, place.name, operation.value)
    _placed(ground, place, pair)

    def edit(owner: Resource) -> None:
        given = _given(ground, owner, place.key)
        if key.key != place.key:
            put(owner, place.key, [], many=place.many)
        given[place.position] = pair
        put(owner, key.key, given, many=place.many)

    return _edited(ground, place.owner, edit)


_OPERATIONS: dict[str, Callable[[Ground, Operation], Resource]] = {
    "add": _add,
    "insert": _insert,
    "delete": _delete,
    "replace": _replace,
    "move": _move,
}


def _element(ground: Ground, path: Node) -> Place:
    place = _one(ground, path)
    if not place.key:
        raise _Misfit("the path selects the whole resource")
    return place


def _list(ground: Ground, operation: Operation) -> tuple[Place, str]:
    """Give the one element that has the list, and the list's name."""
    tree = operation.path
    if not isinstance(tree, Name) or tree.name[:1].isupper():
        raise _Misfit("the path of a list ends with its name")
    place = _one(ground, tree.source)
    members = ground.structures.members(_inside(place), tree.name)
    if not members:
        raise _Misfit(f"{_inside(place)} has no element {tree.name[:64]!r}")
    if any(member.single for member in members):
        raise _Misfit(f"{tree.name} is no list")
    return place, tree.name


def _given(ground: Ground, owner: Resource, key: str) -> list[Pair]:
    """Give the values of a property, to be changed and put back."""
    found = pairs(owner, key)
    ground.effort.spend(PLACE * len(found))
    return found


def _check_index(index: int, bound: int) -> None:
    if not 0 <= index < bound:
        raise _Misfit(f"the list has no place {str(index)[:20]}; the last is {bound - 1}")


def _inside(place: Place) -> str:
    """Give what an element's own elements stand in: a primitive's in the Element beside it."""
    return "Element" if place.primitive else place.content


def _changed(
    ground: Ground, place: Place, edit: Callable[[Resource], None], pair: Pair
) -> Resource:
    """Give the resource with the object at a place edited: for a primitive, the Element beside."""
    _placed(ground, place, pair)
    if not place.primitive:
        if not isinstance(standing(ground.resource, place.path), dict):
            raise _Misfit("the path selects no object")
        return _edited(ground, place.path, edit)

    def beside(owner: Resource) -> None:
        given = _given(ground, owner, place.key)
        value, element = given[place.position]
        element = dict(element) if isinstance(element, dict) else {}
        edit(element)
        given[place.position] = (value, element)
        put(owner, place.key, given, many=place.many)

    return _edited(ground, place.owner, beside)


def _placed(ground: Ground, place: Place, pair: Pair) -> None:
    for value in pair:
        ground.effort.place(value, len(place.path) + 2)


def _edited(ground: Ground, path: Path, edit: Callable[[Resource], None]) -> Resource:
    found: Resource = edited(ground.resource, path, edit, ground.effort)
    return found
