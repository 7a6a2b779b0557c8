"""Decimals keep their digits: a number literal travels as the bytes the client wrote.

R4 requires that precision is preserved (https://hl7.org/fhir/R4/datatypes.html#decimal), so
`1.00`, `0.0000001`, `1e-7`, `1.0e+3` and `-0` come back as written. In a resource dict such a
number is a `msgspec.Raw` of its literal; a plain integer is an `int`.
"""

from decimal import Decimal, InvalidOperation
from typing import Any

from msgspec import Raw

Literal = Raw


def literal(text: str) -> Raw:
    """Give the in-memory form of a JSON number literal."""
    return Raw(text.encode("ascii"))


def is_number(value: Any) -> bool:
    """Say whether a JSON value is a number (a bool is not)."""
    return type(value) is int or type(value) is Raw


def text(value: int | Raw) -> str:
    """Give the literal's text: `Raw(b"1.00")` → `1.00`."""
    return str(value) if isinstance(value, int) else bytes(value).decode("ascii")


def decimal(value: int | Raw) -> Decimal:
    """Give the number's exact value."""
    return Decimal(text(value))


def equal(left: int | Raw, right: int | Raw) -> bool:
    """Say whether two numbers have the same value: `1.0` and `1` have.

    Numbers with an exponent past Python's own are the same only as they are written.
    """
    try:
        return decimal(left) == decimal(right)
    except InvalidOperation:
        return text(left) == text(right)
