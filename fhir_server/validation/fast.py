"""The fast verdict: whether nothing is wrong with the structure of a resource.

A yes is what `structural_issues` finds nothing in; a no only says that it has to look.
"""

import re
from typing import Any

import msgspec

from fhir_server.fhir import json
from fhir_server.spec.spec import Spec
from fhir_server.validation.shapes import shapes

# As this server writes JSON: an empty object, a control character, U+FFFE and U+FFFF.
_EMPTY = re.compile(rb"\{\}")
_CONTROL = re.compile(rb"\\[bfu]")
_NOT_A_CHARACTER = re.compile(rb"\xef\xbf[\xbe\xbf]")
_NO = (msgspec.DecodeError, UnicodeDecodeError, TypeError, KeyError, RecursionError)


def parsed(spec: Spec, type_: str, body: bytes) -> dict[str, Any] | None:
    """Give the `type_` in a body, parsed as `json.parse` does; None if it must be looked at.

    https://hl7.org/fhir/R4/json.html
    """
    if type_ not in spec.types or json.crowded(body):
        return None
    try:
        value: dict[str, Any] = shapes(spec).decoded(type_, body)
    except _NO:
        return None
    written = json.dump(value)
    return value if json.kept(body, written) and _plain(written) else None


def accepts(spec: Spec, resource: Any) -> bool:
    """Say whether a resource of any type is surely built as its definition says."""
    try:
        return shapes(spec).accepts(resource) and _plain(json.dump(resource))
    except _NO:
        return False


def _plain(written: bytes) -> bool:
    return not (
        _EMPTY.search(written)
        or (b"\\" in written and _CONTROL.search(written))
        or (not written.isascii() and _NOT_A_CHARACTER.search(written))
    )
