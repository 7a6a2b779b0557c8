"""What a patch empties is left out: FHIR's JSON has no empty array and no empty object.

https://hl7.org/fhir/R4/json.html: "Arrays … are never empty"
"""

from typing import Any

from fhir_server.fhir import json


def pruned(resource: dict[str, Any]) -> dict[str, Any]:
    """Give the resource without empty objects and arrays; it is not changed itself.

    An array beside a primitive's (`_given`) keeps its length: what is empty there becomes null.
    """
    body = json.dump(resource)
    # Nearly always nothing is; a text with these letters costs time, no more.
    return _object(resource) if b"{}" in body or b"[]" in body else resource


def _object(value: dict[str, Any]) -> dict[str, Any]:
    return {
        name: kept
        for name, inner in value.items()
        if not _empty(kept := _of(inner, beside=name.startswith("_")))
    }


def _of(value: Any, *, beside: bool) -> Any:
    if isinstance(value, dict):
        return _object(value)
    if not isinstance(value, list):
        return value
    kept = [_of(item, beside=False) for item in value]
    if not beside:
        return [item for item in kept if not _empty(item)]
    kept = [None if _empty(item) else item for item in kept]
    return [] if all(item is None for item in kept) else kept


def _empty(value: Any) -> bool:
    return isinstance(value, dict | list) and not value
