"""Contexts: where an extension may stand, as its definition says.

https://hl7.org/fhir/R4/defining-extensions.html#context
"""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from fhir_server.fhirpath.language import compile_expression
from fhir_server.fhirpath.syntax import FhirPathError
from fhir_server.spec.structures import Structures
from fhir_server.validation.findings import Findings, error, warning
from fhir_server.validation.profiles.constraints import environment, holds
from fhir_server.validation.profiles.walk import Item, Walk

_ANYWHERE = "Element"
_SHORT = 200


class Place(NamedTuple):
    """Where an element stands: its item, its name in the element around it, and that one."""

    item: Item
    name: str = ""
    outer: "Place | None" = None


def context_findings(
    structures: Structures, definition: Mapping[str, Any], place: Place, walk: Walk
) -> Findings | None:
    """Give what is wrong with an extension standing on the element of `place`."""
    contexts = definition.get("context", ())
    if contexts and not any(_allowed(structures, one, place, walk) for one in contexts):
        listed = ", ".join(str(one.get("expression")) for one in contexts)[:_SHORT]
        told = f"this extension may not stand here, but on: {listed}"
        return error("structure", told)
    for text in definition.get("contextInvariant", ()):
        try:
            verdict = holds(compile_expression(structures, text), place.item, walk)
        except FhirPathError as fault:
            verdict = str(fault)
        if verdict is False:
            return error("invariant", f"this extension may stand only where {text[:_SHORT]}")
        if verdict is not True:
            return warning("not-supported", f"{text[:_SHORT]} cannot be checked: {verdict}")
    return None


def _allowed(structures: Structures, context: Mapping[str, Any], place: Place, walk: Walk) -> bool:
    expression = str(context.get("expression", ""))
    match context.get("type"):
        case "element":
            path = expression.rpartition("#")[2]
            return path == _ANYWHERE or path in names_of(structures, place)
        case "extension":
            return any(one.get("url") == expression for one in _around(place))
        case "fhirpath":
            return _selected(structures, expression, place, walk)
        case _:
            return False


def _around(place: Place) -> Iterator[Mapping[str, Any]]:
    """Give the extension an element is, or whose value it is."""
    for one in (place, place.outer):
        if one and one.item[0] == "Extension" and isinstance(one.item[1], Mapping):
            yield one.item[1]


def _selected(structures: Structures, expression: str, place: Place, walk: Walk) -> bool:
    """Say whether an expression on the resource yields this element."""
    resource = walk.visit.resource
    focus = (str(resource.get("resourceType", "")), resource, None)
    try:
        found = compile_expression(structures, expression).evaluate(focus, environment(walk))
    except FhirPathError:
        return False
    return any(one[1] is place.item[1] and one[2] is place.item[2] for one in found)


def names_of(structures: Structures, place: Place) -> frozenset[str]:
    """Give every name an element has: its types, and its path from each type around it.

    `Patient.name.given` is also `HumanName.given`, `string` and `Element`.
    """
    content = place.item[0]
    names = {*_types(structures, content)}
    if not place.outer and {"url", "status"} <= {*structures.keys(content)}:
        # What later versions of FHIR call these resources.
        names |= {"CanonicalResource", "MetadataResource"}
    if place.outer:
        outer = names_of(structures, place.outer)
        names |= {f"{one}.{place.name}" for one in outer}
        # R4 names choices as value[x].
        names |= {f"{one}.{place.name}[x]" for one in outer}
    return frozenset(names)


@lru_cache(maxsize=2048)
def _types(structures: Structures, content: str) -> tuple[str, ...]:
    found = [content]
    while (known := structures.by_name.get(found[-1])) and known.base:
        found.append(known.base)
    return (*found, *(("BackboneElement", "Element") if "." in content else ()))
