"""The FHIRPath Patch that makes one resource of another.

https://hl7.org/fhir/R4/fhirpatch.html
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from fhir_server.fhir.errors import Unprocessable
from fhir_server.patch.locate import Pair, pairs
from fhir_server.patch.value import PARAMETER
from fhir_server.spec.structures import Key, Structures

Resource: TypeAlias = dict[str, Any]
# A Parameters.parameter.part.
Part: TypeAlias = dict[str, Any]
Operations: TypeAlias = Iterator[list[Part]]

_STAMPED = ("versionId", "lastUpdated")
_OPEN = ("Resource", "DomainResource")


def difference(
    structures: Structures, old: Resource, new: Resource, *, include_meta: bool = False
) -> Resource:
    """Give the Parameters that, applied to `old`, give `new`; both must be well made.

    Without `include_meta` what stands in `meta` is passed over; the id, the version and its time
    always are. Raises Unprocessable for resources of two types.
    """
    type_ = str(old.get("resourceType"))
    if new.get("resourceType") != type_:
        told = f"Between a {type_} and a {new.get('resourceType')} there is no patch."
        raise Unprocessable(told, code="invariant")
    before, after = (_without(one, ("id", "meta")) for one in (old, new))
    if include_meta:
        meta = _without(new.get("meta", {}), _STAMPED)
        before |= {"meta": _without(old["meta"], _STAMPED)} if "meta" in old else {}
        after |= {"meta": meta} if meta or "meta" in old else {}
    operations = [
        {"name": "operation", "part": parts}
        for parts in _object(structures, type_, type_, before, after)
    ]
    return {"resourceType": "Parameters"} | ({"parameter": operations} if operations else {})


def _without(value: Resource, names: Sequence[str]) -> Resource:
    return {name: inner for name, inner in value.items() if name not in names}


def _object(
    structures: Structures, content: str, path: str, old: Resource, new: Resource
) -> Operations:
    """Give the operations that make one object of another, element by element."""
    for name, keys in _elements(structures, content).items():
        here = f"{path}.{name}"
        if keys[0].element.max != "1":
            before, after = (pairs(one, keys[0].key) for one in (old, new))
            yield from _list(structures, keys[0], here, before, after)
            continue
        match _given(keys, old), _given(keys, new):
            case None, None:
                pass
            case _, None:
                yield _operation("delete", here)
            case None, (key, pair):
                named = {"name": "name", "valueString": name}
                yield _operation("add", path, named, _part(structures, "value", key, pair))
            case (key, pair), (new_key, new_pair) if key is new_key:
                yield from _value(structures, key, here, pair, new_pair)
            case _, (key, pair):
                yield _operation("replace", here, _part(structures, "value", key, pair))


def _elements(structures: Structures, content: str) -> Mapping[str, list[Key]]:
    """Give the properties of each element, in the order of the definition."""
    found: dict[str, list[Key]] = {}
    for key in structures.keys(content).values():
        found.setdefault(key.element.name, []).append(key)
    return found


def _given(keys: Sequence[Key], owner: Resource) -> tuple[Key, Pair] | None:
    """Give the value of an element that is no list, and the property it stands under."""
    for key in keys:
        for pair in pairs(owner, key.key):
            return key, pair
    return None


def _value(structures: Structures, key: Key, path: str, old: Pair, new: Pair) -> Operations:
    """Give the operations that make one value of another: inside an object, or whole."""
    if old == new:
        return
    before, after = old[0], new[0]
    content = _content(key, before)
    if isinstance(before, dict) and isinstance(after, dict) and content == _content(key, after):
        yield from _object(structures, content, path, before, after)
    else:
        yield _operation("replace", path, _part(structures, "value", key, new))


def _content(key: Key, value: Any) -> str:
    if key.content in _OPEN and isinstance(value, dict):
        return str(value.get("resourceType"))
    return key.content


def _list(
    structures: Structures, key: Key, path: str, old: Sequence[Pair], new: Sequence[Pair]
) -> Operations:
    """Give the operations between two lists: what both begin and end with is left alone."""
    shorter = min(len(old), len(new))
    start = next((n for n in range(shorter) if old[n] != new[n]), shorter)
    rest = shorter - start
    end = next((n for n in range(rest) if old[-1 - n] != new[-1 - n]), rest)
    both = shorter - end
    for place in range(start, both):
        yield from _value(structures, key, f"{path}[{place}]", old[place], new[place])
    for place in reversed(range(both, len(old) - end)):
        yield _operation("delete", f"{path}[{place}]")
    for place in range(both, len(new) - end):
        index = {"name": "index", "valueInteger": place}
        yield _operation("insert", path, index, _part(structures, "value", key, new[place]))


def _operation(type_: str, path: str, *parts: Part) -> list[Part]:
    return [
        {"name": "type", "valueCode": type_},
        {"name": "path", "valueString": path},
        *parts,
    ]


def _part(structures: Structures, name: str, key: Key, pair: Pair) -> Part:
    """Give the part of a value: by its type's value[x], or by the parts of an object."""
    value, beside = pair
    if key.content in _OPEN:
        return {"name": name, "resource": value}
    named = f"value{key.type[:1].upper()}{key.type[1:]}"
    known = named in structures.keys(PARAMETER) and key.content == key.type
    if isinstance(value, dict):
        if known:
            return {"name": name, named: value}
        return {"name": name, "part": list(_parts(structures, key.content, value))}
    # Ids and narratives have no value[x] of their own.
    named = named if known else "valueString"
    given = {named: value, f"_{named}": beside}
    return {"name": name} | {one: inner for one, inner in given.items() if inner is not None}


def _parts(structures: Structures, content: str, owner: Resource) -> Iterator[Part]:
    for name, keys in _elements(structures, content).items():
        for key in keys:
            for pair in pairs(owner, key.key):
                yield _part(structures, name, key, pair)
