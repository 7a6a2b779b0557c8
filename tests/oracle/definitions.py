"""R4's definitions as plain data: which elements a type has, which parameters are asked of it.

Read from the tables under `profiles/r4`, not through the server.
https://hl7.org/fhir/R4/searchparameter-registry.html
"""

import json
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

FOLDER = Path(__file__).parents[2] / "profiles" / "r4"
TYPES = {row["name"]: row for row in json.loads((FOLDER / "structures.json").read_bytes())}
PARAMETERS = json.loads((FOLDER / "search_params.json").read_bytes())
# Root → type → the parameters that put a resource of the type into the root's compartment.
COMPARTMENTS = json.loads((FOLDER / "compartments.json").read_bytes())
BY_URL = {row["url"]: row for row in PARAMETERS}

ABSTRACT = ("Resource", "DomainResource")


class Value(NamedTuple):
    """A value in a resource: its type, or the path of an element defined in place; its JSON."""

    type: str
    json: Any
    binding: str = ""


def is_a(type_: str, wanted: str) -> bool:
    """Say whether a type is another or specialises it: an Age is a Quantity, each itself."""
    while type_:
        if type_ == wanted:
            return True
        type_ = TYPES.get(type_, {}).get("base", "")
    return False


def children(value: Value, name: str) -> list[Value]:
    """Give the values of the element `name`; `value` finds valueQuantity, valueString, …"""
    element = element_of(value.type, name)
    if element is None or not isinstance(value.json, dict):
        return []
    found = []
    for type_ in element.get("types", {"": []}):
        key = name + type_[0].upper() + type_[1:] if element.get("choice") else name
        inner = value.json.get(key)
        content = element.get("content") or type_
        if content in ("BackboneElement", "Element"):
            content = f"{value.type}.{name}"
        several = inner if isinstance(inner, list) else [inner]
        binding = element.get("binding", "")
        found += [Value(content, each, binding) for each in several if each is not None]
    return found


@cache
def element_of(type_: str, name: str) -> dict[str, Any] | None:
    """Give the definition of an element, its own or one that its type has by its base."""
    root = type_.partition(".")[0]
    for element in TYPES[root].get("elements", {}).get(type_, ()):
        if element["name"] == name:
            return element
    base = TYPES[root].get("base", "") if type_ == root else "BackboneElement"
    return element_of(base, name) if base else None


@cache
def parameter(type_: str, code: str) -> dict[str, Any] | None:
    """Give the definition of a parameter of a resource type; None where it has no such."""
    for row in PARAMETERS:
        if row["code"] == code and any(is_a(type_, base) for base in row["base"]):
            return row
    return None


@cache
def codes(type_: str) -> tuple[str, ...]:
    """Give the codes of every parameter of a resource type."""
    rows = (row for row in PARAMETERS if any(is_a(type_, base) for base in row["base"]))
    return tuple(sorted({row["code"] for row in rows}))
