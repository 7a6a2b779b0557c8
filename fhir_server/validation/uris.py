"""Uris: the syntax of uri, url and canonical beyond "no space inside".

https://hl7.org/fhir/R4/datatypes.html#uri and https://hl7.org/fhir/R4/references.html#canonical
"""

import re
from typing import Any

from fhir_server.spec.structures import Key
from fhir_server.validation.findings import Findings, Rule, Visit, error, warning

_TYPES = ("uri", "url", "canonical")
# Elements whose uri names a system: one that is relative names none.
_ABSOLUTE = frozenset({("Coding", "system"), ("Identifier", "system")})
_UUID = re.compile(r"urn:uuid:[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}").fullmatch
_OID = re.compile(r"urn:oid:[0-2](?:\.(?:0|[1-9][0-9]*))+").fullmatch
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:").match
_SHORT = 80


def of(content: str, key: Key) -> Rule | None:
    """Give the rule of a uri-like property, None for any other."""
    if key.type not in _TYPES:
        return None
    if key.type == "canonical":
        return _canonical
    return _absolute if (content, key.element.name) in _ABSOLUTE else _any


def is_absolute(text: str) -> bool:
    """Say whether a uri has a scheme."""
    return _SCHEME(text) is not None


def _any(value: Any, _visit: Visit) -> Findings | None:
    return _urn(value) if value[0] in "uo" else None


def _absolute(value: Any, _visit: Visit) -> Findings | None:
    if value.startswith("http://"):
        return None
    if value[0] in "uo" and (said := _urn(value)):
        return said
    return None if _SCHEME(value) else error("value", _relative(value))


def _canonical(value: Any, _visit: Visit) -> Findings | None:
    # Only a warning where it is relative: 63 of HL7's own examples have one that is.
    if value[0] in "uo" and (said := _urn(value)):
        return said
    return None if value[0] == "#" or _SCHEME(value) else warning("value", _relative(value))


def _relative(value: str) -> str:
    return f"{value[:_SHORT]!r} is not absolute: write the whole URL"


def _urn(value: str) -> Findings | None:
    if value.startswith(("oid:", "uuid:")):
        return error("value", f"{value[:_SHORT]!r} should start with urn:")
    if value.startswith("urn:uuid:") and not _UUID(value.partition("#")[0]):
        return error("value", f"{value[:_SHORT]!r} is not a valid UUID after urn:uuid:")
    if value.startswith("urn:oid:") and not _OID(value.partition("|")[0]):
        return error("value", f"{value[:_SHORT]!r} is not a valid OID after urn:oid:")
    return None
