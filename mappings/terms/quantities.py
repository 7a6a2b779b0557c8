"""Numbers and results as hospitals write them: `9.8`, `<5`, `≥ 10`, `7,35`, `âm tính`.

https://hl7.org/fhir/R4/datatypes.html#Quantity
"""

import re
from typing import Any

from fhir_server.fhir import decimals
from mappings.terms.concepts import UCUM
from mappings.terms.units import ucum

_NUMBER = re.compile(r"(-?)0*(0|[1-9]\d*)(?:[.,](\d+))?", re.ASCII)
_RESULT = re.compile(r"(<=|>=|<|>|≤|≥)?\s*(-?\d{1,15}(?:[.,]\d{1,15})?)", re.ASCII)
_COMPARATORS = {"≤": "<=", "≥": ">="}
# 250,000 may be a quarter of a million or 250 with three decimals: it stays text.
_AMBIGUOUS = re.compile(r"-?[1-9]\d{0,2},\d{3}", re.ASCII)
# How laboratories write the limits of what is normal: in words before, the unit behind.
_LIMITS = re.compile(
    r"(?:(?:khoảng|trị số|giá trị|chỉ số) (?:tham chiếu|bình thường)|CSBT|TSBT)\s*:?\s*"
    r"(\d{1,9}(?:[.,]\d{1,9})?)\s*[-–]\s*(\d{1,9}(?:[.,]\d{1,9})?)\s*(\D.{0,30})?",
    re.ASCII | re.IGNORECASE,
)
_LONGEST_INT = 15


def number(text: str) -> int | decimals.Literal:
    """Give the JSON number for `62.50` (digits kept) or `56`; a decimal comma is read as a point.

    Raises ValueError for anything else.
    """
    found = _NUMBER.fullmatch(text)
    if not found:
        raise ValueError(f"{text!r} is not a number")
    sign, whole, fraction = found.groups()
    if fraction is None:
        plain = sign + whole
        if len(whole) <= _LONGEST_INT and plain != "-0":
            return int(plain)
        return decimals.literal(plain)
    return decimals.literal(f"{sign}{whole}.{fraction}")


def quantity(text: str, unit: str = "", code: str = "") -> dict[str, Any]:
    """Give a Quantity; `code` is the UCUM code where the unit has one."""
    found: dict[str, Any] = {"value": number(text)}
    if unit:
        found["unit"] = unit
    if code:
        found |= {"system": UCUM, "code": code}
    return found


def result(text: str, unit: str) -> dict[str, Any]:
    """Give the value[x] of a result: a Quantity with its comparator, else the text as it is."""
    found = _RESULT.fullmatch(text)
    if not found or _AMBIGUOUS.fullmatch(found[2]):
        return {"valueString": f"{text} {unit}".strip()}
    comparator = _COMPARATORS.get(found[1], found[1])
    value = quantity(found[2], unit, ucum(unit))
    if comparator:
        value = {"value": value.pop("value"), "comparator": comparator} | value
    return {"valueQuantity": value}


def reference_range(text: str, unit: str) -> dict[str, Any]:
    """Give the reference range a text consists of, `Khoảng tham chiếu: 3.9 - 6.4 mmol/L`.

    `unit` is the result's, for limits without one. An empty dict for any other text.
    """
    found = _LIMITS.fullmatch(" ".join(text.split()))
    if not found or any(_AMBIGUOUS.fullmatch(found[end]) for end in (1, 2)):
        return {}
    said = (found[3] or "").strip() or unit
    low, high = (quantity(found[end], said, ucum(said)) for end in (1, 2))
    return {"low": low, "high": high}


def positive(text: str) -> bool:
    """Say whether the text is a number above zero."""
    return bool(_NUMBER.fullmatch(text)) and decimals.decimal(number(text)) > 0
