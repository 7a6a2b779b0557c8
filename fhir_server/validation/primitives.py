"""The formats of R4's primitive types.

https://hl7.org/fhir/R4/datatypes.html#primitive
"""

import binascii
import re
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from msgspec import Raw

from fhir_server.fhir import decimals

# (location below the value checked, issue code, sentence)
Fault: TypeAlias = tuple[str, str, str]
Faults: TypeAlias = list[Fault]
# (value, the object it stands in) → what is wrong, or None
Rule: TypeAlias = Callable[[Any, Mapping[str, Any]], Faults | None]
Verdict: TypeAlias = Callable[[str], Any]

# Faults after which a check looks no further.
ENOUGH = 100
MAX_STRING = 1024 * 1024
_SHORT = 60
_JSON_KINDS: dict[type, str] = {str: "a string", dict: "an object", list: "an array"}
_BLANKS = dict.fromkeys(map(ord, " \t\r\n"))

_YEAR = r"(?!0000)[0-9]{4}"
# Years by their last digits: each fourth has a 29 February, of the hundreds each fourth.
_LEAP = r"(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:0[48]|[2468][048]|[13579][26])00)"
_DAY = (
    rf"(?:{_YEAR}-(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])"
    rf"|(?:0[13-9]|1[0-2])-(?:29|30)|(?:0[13578]|1[02])-31)|{_LEAP}-02-29)"
)
_DATE = rf"(?:{_DAY}|{_YEAR}(?:-(?:0[1-9]|1[0-2]))?)"
_TIME = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:(?:[0-5][0-9]|60)(?:\.[0-9]+)?"
_ZONE = r"(?:Z|[+-](?:(?:0[0-9]|1[0-3]):[0-5][0-9]|14:00))"
_FULL = rf"{_DAY}T{_TIME}{_ZONE}"


def _pattern(text: str) -> Verdict:
    return re.compile(text, re.ASCII).fullmatch


# R4 allows no code point below 32 but tab, line feed and carriage return; XML not these two either.
_control = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]").search


def _type(expected: str, value: Any) -> Faults:
    return [("", "structure", f"{expected} is expected, not {_told(value)}")]


def _bad(told: str) -> Faults:
    return [("", "value", told)]


def _told(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if decimals.is_number(value):
        return f"the number {decimals.text(value)[:_SHORT]}"
    return _JSON_KINDS.get(type(value), "something else")


def _text(name: str, verdict: Verdict) -> Rule:
    """Check a string; `verdict` is truthy for a good one."""

    def rule(value: Any, _owner: Mapping[str, Any]) -> Faults | None:
        if type(value) is not str:
            return _type("a string", value)
        if verdict(value):
            return None
        if not value:
            return _bad(f"a {name} is never empty; leave the element out")
        return _bad(f"{value[:_SHORT]!r} is not a valid {name}")

    return rule


def _string(value: str) -> bool:
    return 0 < len(value) <= MAX_STRING and not _control(value)


def _base64(value: str) -> bool:
    packed = value.translate(_BLANKS)
    try:
        binascii.a2b_base64(packed, strict_mode=True)
    except ValueError:
        return False
    return bool(packed)


def _integer(name: str, low: int) -> Rule:
    high = 2**31 - 1

    def rule(value: Any, _owner: Mapping[str, Any]) -> Faults | None:
        if type(value) is not int:
            return _type("an integer", value)
        if low <= value <= high:
            return None
        return _bad(f"{str(value)[:_SHORT]} is not a valid {name}: {low} to {high}")

    return rule


_HUGE_EXPONENT = re.compile(rb"[eE][+-]?[0-9]{4}")


def _decimal(value: Any, _owner: Mapping[str, Any]) -> Faults | None:
    if type(value) is Raw:
        # An exponent of four digits is no measurement, and costs gigabytes to write out.
        huge = _HUGE_EXPONENT.search(bytes(value))
        return _bad("the decimal's exponent is too large") if huge else None
    return None if type(value) is int else _type("a number", value)


def _boolean(value: Any, _owner: Mapping[str, Any]) -> Faults | None:
    return None if value is True or value is False else _type("true or false", value)


def coded(codes: frozenset[str], value_set: str) -> Rule:
    """Check a code against every code of its required value set."""
    plain = CHECKS["code"]

    def rule(value: Any, owner: Mapping[str, Any]) -> Faults | None:
        if type(value) is str and value in codes:
            return None
        told = f"the code {str(value)[:_SHORT]!r} is not in the required value set {value_set}"
        return plain(value, owner) or [("", "code-invalid", told)]

    return rule


_HEX = "[0-9a-f]"
_WORD = r"[^\x00-\x20\x7f\ufffe\uffff]+"
# What a string of such a type is from end to end, in what Python and ECMAScript both read.
SHAPES: dict[str, str] = {
    "canonical": _WORD,
    "code": rf"{_WORD}(?: {_WORD})*",
    "date": _DATE,
    "dateTime": f"{_FULL}|{_DATE}",
    "id": r"[A-Za-z0-9.-]{1,64}",
    "instant": _FULL,
    "oid": r"urn:oid:[0-2](?:\.(?:0|[1-9][0-9]*))+",
    "time": _TIME,
    "uri": _WORD,
    "url": _WORD,
    "uuid": rf"urn:uuid:{_HEX}{{8}}(?:-{_HEX}{{4}}){{3}}-{_HEX}{{12}}",
    "System.String": rf"(?=.{{1,{MAX_STRING}}}$){_WORD}",
}
# Whether a string is such a value, for those that one pattern tells.
PATTERNS: dict[str, Verdict] = {
    **{name: _pattern(shape) for name, shape in SHAPES.items()},
    # What is inside is looked at by narrative.py.
    "xhtml": re.compile("<div").match,
}
CHECKS: dict[str, Rule] = {
    **{name: _text(name, pattern) for name, pattern in PATTERNS.items()},
    "base64Binary": _text("base64Binary", _base64),
    "boolean": _boolean,
    "decimal": _decimal,
    "integer": _integer("integer", -(2**31)),
    "markdown": _text("markdown", _string),
    "positiveInt": _integer("positiveInt", 1),
    "string": _text("string", _string),
    "unsignedInt": _integer("unsignedInt", 0),
    "System.String": _text("id or url", PATTERNS["System.String"]),
}
