"""Functions of strings.

https://hl7.org/fhirpath/N1/#string-manipulation
"""

import base64
import binascii
import html
import json
import re
from collections.abc import Callable

from fhir_server.fhirpath.language import regex
from fhir_server.fhirpath.language.arithmetic import integer, text
from fhir_server.fhirpath.language.calls import INTEGER, STRING, Signature, function
from fhir_server.fhirpath.language.environment import MAX_TEXT, Exceeded, Frame, Item
from fhir_server.fhirpath.language.step import (
    NOTHING,
    Scope,
    Step,
    boolean,
    collection,
    single,
)
from fhir_server.fhirpath.language.values import kind_of, system, value_of
from fhir_server.fhirpath.syntax import FhirPathError, Node

# A quotation mark that is not escaped.
_QUOTE = re.compile(r'((?<!\\)(?:\\\\)*)"')


def _substring(_frame: Frame, found: str, start: int, length: int | None = None) -> list[Item]:
    if not 0 <= start < len(found):
        return NOTHING
    return text(found[start:] if length is None else found[start : start + max(length, 0)])


def _replace(_frame: Frame, found: str, pattern: str, by: str) -> list[Item]:
    times = found.count(pattern)
    if len(found) + times * len(by) > MAX_TEXT:
        raise Exceeded(f"replace() makes a string of more than {MAX_TEXT} characters")
    return text(found.replace(pattern, by))


def _matches(frame: Frame, found: str, pattern: str) -> list[Item]:
    return boolean(regex.compiled(pattern).matches(found, frame.spend))


def _matches_full(frame: Frame, found: str, pattern: str) -> list[Item]:
    return _matches(frame, found, f"^(?:{pattern})$")


def _replace_matches(frame: Frame, found: str, pattern: str, by: str) -> list[Item]:
    if not pattern:
        return text(found)
    return text(regex.compiled(pattern).replace(found, by, frame.spend))


def _split(frame: Frame, found: str, separator: str) -> list[Item]:
    parts = found.split(separator) if separator else list(found)
    return frame.hold([system("String", part) for part in parts])


def _join(scope: Scope, source: Step, arguments: tuple[Node, ...]) -> Step:
    before = source.run
    between = scope.compile(scope, arguments[0]).run if arguments else None

    def run(this: Item, frame: Frame) -> list[Item]:
        items = before(this, frame)
        item = None if between is None else single(between(this, frame), "a separator")
        if not items:
            return NOTHING
        if any(kind_of(one) != "String" for one in items):
            raise FhirPathError("join() takes strings")
        parts = [value_of(one) for one in items]
        separator = "" if item is None else str(value_of(item) or "")
        words = [part for part in parts if part is not None]
        if sum(map(len, words)) + len(separator) * len(words) > MAX_TEXT:
            raise Exceeded(f"join() makes a string of more than {MAX_TEXT} characters")
        return text(separator.join(words))

    return collection(run)


def _coded(work: dict[str, Callable[[str], str]]) -> Signature:
    """Give a function that is one of several, by name; nothing for another name, or bad input."""

    def run(_frame: Frame, found: str, name: str) -> list[Item]:
        if name not in work:
            return NOTHING
        try:
            return text(work[name](found))
        except (binascii.Error, UnicodeError, ValueError):
            return NOTHING

    return function(STRING, run, STRING)


def _unescaped_json(found: str) -> str:
    bare = _QUOTE.sub(r"\1\"", found)
    return str(json.loads(f'"{bare}"', strict=False))


FUNCTIONS: dict[str, Signature] = {
    "indexOf": function(STRING, lambda _, found, part: integer(found.find(part)), STRING),
    "lastIndexOf": function(STRING, lambda _, found, part: integer(found.rfind(part)), STRING),
    "substring": function(STRING, _substring, INTEGER, INTEGER, optional=1),
    "startsWith": function(STRING, lambda _, f, start: boolean(f.startswith(start)), STRING),
    "endsWith": function(STRING, lambda _, f, end: boolean(f.endswith(end)), STRING),
    "contains": function(STRING, lambda _, found, part: boolean(part in found), STRING),
    "upper": function(STRING, lambda _, found: text(found.upper())),
    "lower": function(STRING, lambda _, found: text(found.lower())),
    "trim": function(STRING, lambda _, found: text(found.strip())),
    "length": function(STRING, lambda _, found: integer(len(found))),
    "replace": function(STRING, _replace, STRING, STRING),
    "matches": function(STRING, _matches, STRING),
    "matchesFull": function(STRING, _matches_full, STRING),
    "replaceMatches": function(STRING, _replace_matches, STRING, STRING),
    "toChars": function(STRING, lambda frame, found: _split(frame, found, "")),
    "split": function(STRING, _split, STRING),
    "join": (0, 1, _join),
    "encode": _coded(
        {
            "base64": lambda found: base64.b64encode(found.encode()).decode(),
            "urlbase64": lambda found: base64.urlsafe_b64encode(found.encode()).decode(),
            "hex": lambda found: found.encode().hex(),
        }
    ),
    "decode": _coded(
        {
            "base64": lambda found: base64.b64decode(found, validate=True).decode(),
            "urlbase64": lambda found: base64.urlsafe_b64decode(found).decode(),
            "hex": lambda found: bytes.fromhex(found).decode(),
        }
    ),
    "escape": _coded({"html": html.escape, "json": lambda found: json.dumps(found)[1:-1]}),
    "unescape": _coded({"html": html.unescape, "json": _unescaped_json}),
}
