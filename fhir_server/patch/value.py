"""The value of a FHIRPath Patch operation: read from its part, fitted into an element.

https://hl7.org/fhir/R4/fhirpatch.html: a value[x], or parts for an element without a type name
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fhir_server.patch.locate import Pair, pairs
from fhir_server.spec.structures import Key, Structures

PARAMETER = "Parameters.parameter"
_OPEN = ("Resource", "DomainResource")
_STRING = "System.String"


class ValueFault(ValueError):
    """The value cannot be read, or not stand there; the message says why."""


@dataclass(frozen=True, slots=True)
class Value:
    """A value of a `type`, with the Element beside a primitive; or the parts of an object."""

    type: str = ""
    plain: Any = None
    beside: Any = None
    parts: "tuple[tuple[str, Value], ...]" = ()


NOTHING = Value()


def read(structures: Structures, part: Mapping[str, Any]) -> Value:
    """Give the value in a `part`; ValueFault if there is none, or more than one."""
    keys = structures.keys(PARAMETER)
    named = {key.removeprefix("_") for key in part} - {"name", "id", "extension"}
    if len(named) != 1:
        raise ValueFault("a value has one value[x], one resource, or parts")
    (key,) = named
    if key == "part":
        return Value(parts=_parts(structures, part["part"]))
    if key == "resource" and isinstance(part.get(key), dict):
        return Value(str(part[key].get("resourceType")), part[key])
    if key not in keys or keys[key].element.name != "value":
        raise ValueFault(f"{key[:64]!r} is no value[x]")
    plain, beside = part.get(key), part.get(f"_{key}")
    if not _whole(plain, beside, primitive=_plain(structures, keys[key])):
        raise ValueFault(f"{key} holds no {keys[key].type}")
    return Value(keys[key].type, plain, beside)


def _whole(plain: Any, beside: Any, *, primitive: bool) -> bool:
    """Say whether a value has the JSON form of its type: an object, or not."""
    if not primitive:
        return isinstance(plain, dict) and beside is None
    there = plain is not None or beside is not None
    return there and not isinstance(plain, dict | list) and isinstance(beside, dict | None)


def _parts(structures: Structures, given: Any) -> tuple[tuple[str, Value], ...]:
    if not isinstance(given, list) or not given:
        raise ValueFault("part is an array that is not empty")
    found = []
    for one in given:
        if not isinstance(one, dict) or not isinstance(one.get("name"), str):
            raise ValueFault("each part has a name")
        found.append((one["name"], read(structures, one)))
    return tuple(found)


def fitted(structures: Structures, content: str, name: str, value: Value) -> tuple[Key, Pair]:
    """Give the property of `content` the value stands under as its element `name`, and the value.

    ValueFault where there is no such element, or the value is of another type.
    """
    keys = [key for key in structures.keys(content).values() if key.element.name == name]
    if not keys:
        raise ValueFault(f"{content} has no element {name[:64]!r}")
    if value.parts:
        if len(keys) > 1 or _plain(structures, keys[0]):
            raise ValueFault(f"{name} needs a value[x], not parts")
        return keys[0], (_object(structures, keys[0].content, value.parts), None)
    for key in keys:
        if _takes(structures, key, value.type):
            return key, (value.plain, value.beside)
    types = sorted({key.type for key in keys})
    raise ValueFault(f"{name} is of type {' or '.join(types[:12])}, not {value.type}")


def _takes(structures: Structures, key: Key, type_: str) -> bool:
    """Say whether the property holds values of the type.

    A primitive that is no choice takes any: whether `2021` is one of its values is checked later.
    """
    if _plain(structures, key) and not key.element.choice:
        return structures.primitive(type_)
    return structures.is_a(type_, key.content)


def _plain(structures: Structures, key: Key) -> bool:
    return structures.primitive(key.type) or key.type == _STRING


def _object(
    structures: Structures, content: str, parts: Sequence[tuple[str, Value]]
) -> dict[str, Any]:
    """Build an object of its parts: one for an element, one for each item of an array."""
    found: dict[str, Any] = {}
    for name, value in parts:
        key, pair = fitted(structures, content, name, value)
        many = key.element.max != "1"
        if not many and present(structures, found, content, name):
            raise ValueFault(f"{name} stands twice")
        put(found, key.key, [*pairs(found, key.key), pair], many=many)
    return found


def present(structures: Structures, owner: Mapping[str, Any], content: str, name: str) -> bool:
    """Say whether an object has the element, under any of its properties."""
    keys = [member.key for member in structures.members(content, name)]
    return any(key in owner or f"_{key}" in owner for key in keys)


def put(owner: dict[str, Any], key: str, given: Sequence[Pair], *, many: bool) -> None:
    """Write the values of a property, and the Elements beside them, into an object."""
    for name, values in ((key, [one for one, _ in given]), (f"_{key}", [two for _, two in given])):
        if all(value is None for value in values):
            owner.pop(name, None)
        else:
            owner[name] = values if many else values[0]
