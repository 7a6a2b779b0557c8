"""Discriminator paths: `$this`, `code.coding`, `extension('url')`, `resolve()`, `ofType(Quantity)`.

https://hl7.org/fhir/R4/profiling.html#discriminator
"""

import re
from collections.abc import Sequence
from typing import Literal, TypeAlias

from fhir_server.spec.structures import Structures
from fhir_server.spec.tables import SpecError
from fhir_server.validation.profiles.walk import Item, Walk, below

Step: TypeAlias = tuple[Literal["child", "extension", "resolve", "type"], str]
# The items a path leads to, each with the walk of the resource it stands in.
Found: TypeAlias = list[tuple[Item, Walk]]

_STEP = re.compile(
    r"(?P<this>\$this)"
    r"|extension\((?P<quote>['\"])(?P<extension>[^'\"]+)(?P=quote)\)"
    r"|(?P<resolve>resolve)\(\)"
    r"|(?:ofType|as)\((?:FHIR\.)?(?P<type>[A-Za-z0-9]+)\)"
    r"|(?P<child>[A-Za-z][A-Za-z0-9]*)(?:\[x\])?",
    re.ASCII,
)
_MAX_STEPS = 32


def steps_of(path: str) -> tuple[Step, ...]:
    """Give the steps of a discriminator's path. Raises SpecError for any other expression."""
    found: list[Step] = []
    at = 0
    while at < len(path) or not found:
        match = _STEP.match(path, at)
        if match is None or len(found) >= _MAX_STEPS:
            raise SpecError(f"{path[:100]!r} is no path a discriminator may have")
        kind = match.lastgroup if match.lastgroup != "quote" else "extension"
        if kind == "this":
            found.append(("child", "$this"))
        elif kind == "extension":
            found.append(("extension", match["extension"]))
        elif kind == "resolve":
            found.append(("resolve", ""))
        elif kind == "type":
            found.append(("type", match["type"]))
        else:
            found.append(("child", match["child"]))
        at = match.end()
        if at < len(path):
            if path[at] != "." or at + 1 == len(path):
                raise SpecError(f"{path[:100]!r} is no path a discriminator may have")
            at += 1
    return tuple(step for step in found if step != ("child", "$this"))


def reached(structures: Structures, steps: Sequence[Step], item: Item, walk: Walk) -> Found:
    """Give the items the steps lead to from an item."""
    found: Found = [(item, walk)]
    for kind, name in steps:
        if kind == "child":
            found = [(one, at) for here, at in found for one in below(here, structures, name)]
        else:
            found = [one for here, at in found for one in _step(structures, kind, name, here, at)]
    return found


def _step(structures: Structures, kind: str, name: str, item: Item, walk: Walk) -> Found:
    if kind == "extension":
        extensions = below(item, structures, "extension")
        return [(one, walk) for one in extensions if one[1].get("url") == name]
    if kind == "type":
        return [(item, walk)] if structures.is_a(item[0], name) else []
    value = item[1]
    reference = value.get("reference") if isinstance(value, dict) else value
    target = walk.resolve(reference) if isinstance(reference, str) else None
    return [target] if target else []
