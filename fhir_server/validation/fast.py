"""The fast verdict: whether nothing is wrong with the structure of a resource.

A yes is what `structural_issues` finds nothing in; a no only says that it has to look.
"""

import re
from functools import lru_cache
from typing import Any, TypedDict

import msgspec

from fhir_server.fhir import decimals, json
from fhir_server.spec.spec import Spec
from fhir_server.validation.shapes import shapes

# As this server writes JSON: an empty object, a control character, U+FFFE and U+FFFF.
_EMPTY = re.compile(rb"\{\}")
_CONTROL = re.compile(rb"\\[bfu]")
_NOT_A_CHARACTER = re.compile(rb"\xef\xbf[\xbe\xbf]")
# Levels around a resource in an entry: the Bundle, its entries, the entry.
_AROUND = 3
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


def bundle(spec: Spec, body: bytes) -> dict[str, Any] | None:
    """Give the Bundle in a body, parsed as `json.parse` does; None if it must be looked at.

    Its entries' resources are built as their definitions say; what is around them may not be.
    """
    if json.crowded(body):
        return None
    try:
        value: dict[str, Any] = _bundles(spec).decode(body)
        for entry in value.get("entry", ()):
            if "resource" in entry:
                entry["resource"] = _resource(spec, bytes(entry["resource"]))
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


class _Typed(msgspec.Struct):
    resourceType: str  # noqa: N815 (FHIR's name)


_typed = msgspec.json.Decoder(_Typed)


def _resource(spec: Spec, body: bytes) -> dict[str, Any]:
    """Give a resource in an entry; one of `_NO` if it must be looked at."""
    type_ = _typed.decode(body).resourceType
    if type_ not in spec.types:
        raise TypeError("no resource")
    value: dict[str, Any] = shapes(spec).decoded(type_, body)
    if json.deep(body, value, json.MAX_DEPTH - _AROUND):
        raise TypeError("nested too deep")
    return value


@lru_cache(maxsize=16)
def _bundles(spec: Spec) -> msgspec.json.Decoder[Any]:
    """Give the decoder of Bundles that leaves the resources of entries as they are written."""
    keys = spec.structures.keys
    entry: Any = TypedDict(  # type: ignore[misc]  # made at run time
        "Entry", dict.fromkeys(keys("Bundle.entry"), Any) | {"resource": msgspec.Raw}, total=False
    )
    whole: Any = TypedDict(  # type: ignore[misc]  # made at run time
        "Bundle",
        dict.fromkeys(keys("Bundle"), Any) | {"resourceType": str, "entry": list[entry]},
        total=False,
    )
    return msgspec.json.Decoder(whole, float_hook=decimals.literal)


def _plain(written: bytes) -> bool:
    return not (
        _EMPTY.search(written)
        or (b"\\" in written and _CONTROL.search(written))
        or (not written.isascii() and _NOT_A_CHARACTER.search(written))
    )
