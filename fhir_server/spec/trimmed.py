"""Trimmed: of a definition what is asked of it; texts, mappings and examples are most of its size.

What HL7's definitions and those of packages are cut to before they are packed.
"""

from collections.abc import Callable, Mapping
from typing import Any

Definition = dict[str, Any]

_DEFINITION = frozenset(
    [
        "resourceType", "id", "url", "version", "name", "title", "status", "kind", "abstract",
        "type", "baseDefinition", "derivation", "context", "contextInvariant",
    ]
)  # fmt: skip
_ELEMENT = frozenset(
    [
        "id", "path", "sliceName", "slicing", "min", "max", "type", "contentReference", "binding",
        "constraint", "maxLength", "mustSupport", "isModifier",
    ]
)  # fmt: skip
_VALUES = ("fixed", "pattern", "minValue", "maxValue")
# What no question about codes needs; a CodeSystem's `description` is one of these too.
_LEFT_OUT = frozenset(
    [
        "text", "meta", "extension", "contact", "contained", "copyright", "date", "description",
        "expansion", "experimental", "identifier", "immutable", "jurisdiction", "publisher",
        "purpose", "useContext", "_description",
    ]
)  # fmt: skip


def structure(
    definition: Mapping[str, Any], is_type: Callable[[str], bool], *views: str
) -> Definition:
    """Give a StructureDefinition with these of its views, `differential` or `snapshot`.

    Rules of the types themselves, by the url `is_type` knows, are left out: they hold anyway.
    """
    cut = {key: value for key, value in definition.items() if key in _DEFINITION}
    for view in views:
        if view in definition:
            elements = definition[view]["element"]
            cut[view] = {"element": [_element(one, definition["url"], is_type) for one in elements]}
    return cut


def _element(element: Mapping[str, Any], url: str, is_type: Callable[[str], bool]) -> Definition:
    cut = {
        key: value for key, value in element.items() if key in _ELEMENT or key.startswith(_VALUES)
    }
    rules = [
        {key: value for key, value in rule.items() if key != "xpath"}
        for rule in cut.pop("constraint", ())
        if rule.get("source", url) == url or not is_type(rule["source"])
    ]
    cut |= {"constraint": rules} if rules else {}
    for key in ("slicing", "binding"):
        if key in cut:
            cut[key] = {name: value for name, value in cut[key].items() if name != "description"}
    return cut


def terminology(resource: Mapping[str, Any]) -> Definition:
    """Give a CodeSystem, ValueSet or ConceptMap with its codes, displays and definitions."""
    return {key: _plain(value) for key, value in resource.items() if key not in _LEFT_OUT}


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items() if key != "extension"}
    return value
