"""Strict JSON in, exact JSON out.

Refused: invalid UTF-8, duplicate keys, NaN and Infinity, nesting over 64, anything after the
value. Numbers with a fraction or an exponent, and `-0`, stay literals (see `decimals`).
https://hl7.org/fhir/R4/json.html
"""

import json
import re
from collections.abc import Sequence
from typing import Any

import msgspec

from fhir_server.fhir import decimals
from fhir_server.fhir.errors import Invalid

MAX_DEPTH = 64
# Objects and arrays in one body: FHIR needs some 40 bytes for one, `[]` costs 30 times its size.
MAX_NESTED = 1_000_000

_decoder = msgspec.json.Decoder(float_hook=decimals.literal)
_encoder = msgspec.json.Encoder()
# Where a value may stand: a UUID in a string has such digits too. It starts with its letters, which
# are found ten times as fast as a place.
_NEGATIVE_ZERO = re.compile(rb"-0(?![.\deE])(?<![^:\[,\s]-0)")
_ESCAPED_QUOTE = rb"\u0022"


def parse(body: bytes) -> Any:
    """Give the JSON value in `body`: dict, list, str, int, bool, None, or a number literal.

    Raises Invalid, with the reason, for anything that is not exactly one strict JSON value.
    """
    if crowded(body):
        raise Invalid(f"The JSON has more than {MAX_NESTED} objects and arrays.", code="too-costly")
    try:
        value = _decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Invalid(f"The body is not valid JSON: {error}", code="structure") from None
    except RecursionError:
        raise _too_deep() from None
    if deep(body, value, MAX_DEPTH):
        raise _too_deep()
    return value if kept(body, _encoder.encode(value)) else _parse_slowly(body)


def crowded(body: bytes) -> bool:
    """Say whether a body has more objects and arrays than may be parsed."""
    return len(body) > MAX_NESTED and _nested(body) > MAX_NESTED


def kept(body: bytes, written: bytes) -> bool:
    r"""Say whether decoding `body` and writing it again lost nothing: no key, no `-0`.

    A no may be wrong where quotes are escaped as `\u0022`.
    """
    if body == written:
        return True
    # What is left out goes with its key, and a key with its quotes.
    quotes = body.count(b'"') + body.count(_ESCAPED_QUOTE)
    return quotes == written.count(b'"') and not _NEGATIVE_ZERO.search(body)


def reload(body: bytes) -> Any:
    """Give the JSON value in bytes this server wrote: without limits, they held on the way in."""
    return _parse_slowly(body) if _NEGATIVE_ZERO.search(body) else _decoder.decode(body)


def parse_object(body: bytes) -> dict[str, Any]:
    """Give the JSON object in `body`; Invalid for any other value."""
    value = parse(body)
    if not isinstance(value, dict):
        raise Invalid("The body must be a JSON object.", code="structure")
    return value


def dump(value: Any) -> bytes:
    """Serialise, number literals as they were written."""
    return _encoder.encode(value)


def dump_lines(values: Sequence[Any]) -> bytes:
    """Serialise each on a line of its own, as `dump` does."""
    return _encoder.encode_lines(values)


def pretty(body: bytes) -> bytes:
    """Indent serialised JSON by two spaces, number literals untouched."""
    return msgspec.json.format(body, indent=2)


def deep(body: bytes, value: Any, limit: int) -> bool:
    """Say whether what a body holds is nested more than `limit` levels."""
    return _nested(body) > limit and deeper_than(value, limit)


def deeper_than(value: Any, limit: int) -> bool:
    """Say whether objects and arrays are nested more than `limit` levels."""
    level = [value] if isinstance(value, dict | list) else []
    depth = 0
    while level and depth < limit:
        depth += 1
        level = [
            inner
            for outer in level
            for inner in (outer.values() if type(outer) is dict else outer)
            if type(inner) is dict or type(inner) is list
        ]
    return bool(level)


def _nested(body: bytes) -> int:
    return body.count(b"{") + body.count(b"[")


def _too_deep() -> Invalid:
    return Invalid(f"The JSON is nested deeper than {MAX_DEPTH} levels.", code="too-costly")


def _parse_slowly(body: bytes) -> Any:
    return json.loads(
        body,
        parse_float=decimals.literal,
        parse_int=lambda text: decimals.literal(text) if text == "-0" else int(text),
        object_pairs_hook=_no_duplicates,
    )


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise Invalid(f"The key {key[:64]!r} stands twice in an object.", code="structure")
        found[key] = value
    return found
