"""Items as values of FHIRPath's own types: what can be compared, added or printed.

https://hl7.org/fhir/R4/fhirpath.html#types
"""

from decimal import Decimal, InvalidOperation
from typing import Any

from msgspec import Raw

from fhir_server.fhir import decimals
from fhir_server.fhirpath.language.environment import Item
from fhir_server.fhirpath.syntax import FhirPathError

UCUM = "http://unitsofmeasure.org"
_UNITS = ("unit", "code", "currency")

_FHIR = {
    "Boolean": ("boolean",),
    "Integer": ("integer", "unsignedInt", "positiveInt"),
    "Decimal": ("decimal",),
    "String": (
        *("string", "code", "uri", "url", "canonical", "id", "oid", "uuid", "markdown"),
        *("base64Binary", "xhtml"),
    ),
    "Date": ("date",),
    "DateTime": ("dateTime", "instant"),
    "Time": ("time",),
    "Quantity": ("Quantity", "Age", "Count", "Distance", "Duration", "Money", "SimpleQuantity"),
}
SYSTEM = frozenset(_FHIR)
# Type of an item → type of FHIRPath's own: `code` → String.
KINDS = {f"System.{kind}": kind for kind in _FHIR} | {
    type_: kind for kind, types in _FHIR.items() for type_ in types
}
_PYTHON: dict[str, tuple[type, ...]] = {
    "Boolean": (bool,),
    "Integer": (int,),
    "Decimal": (int, Raw, Decimal),
    "String": (str,),
    "Date": (str,),
    "DateTime": (str,),
    "Time": (str,),
    "Quantity": (dict, tuple),
}


def kind_of(item: Item) -> str:
    """Give FHIRPath's own type of an item, '' if it is an element with children."""
    return KINDS.get(item[0], "")


def value_of(item: Item) -> Any:
    """Give the value of an item that has a kind; None if it has none, or one of another shape."""
    kind = KINDS.get(item[0], "")
    found = item[1]
    if type(found) not in _PYTHON.get(kind, ()):
        return None
    if kind == "Decimal":
        return decimal(found)
    if kind == "Quantity" and type(found) is dict:
        return _quantity(found)
    return found


def decimal(number: int | Raw | Decimal) -> Decimal:
    """Give the exact value of a JSON number."""
    if isinstance(number, Decimal):
        return number
    try:
        return decimals.decimal(number)
    except InvalidOperation:
        raise FhirPathError("a number is out of range") from None


def system(kind: str, value: Any) -> Item:
    """Give an item of FHIRPath's own type."""
    return (f"System.{kind}", value, None)


def _quantity(found: dict[str, Any]) -> tuple[Decimal, str, bool] | None:
    """Give value and unit of FHIR's Quantity; its code counts where it is UCUM's.

    https://hl7.org/fhir/R4/fhirpath.html#quantity
    """
    number = found.get("value")
    if number is None or not decimals.is_number(number) or found.get("comparator") is not None:
        return None
    names = ("code", "unit", "currency") if found.get("system") == UCUM else _UNITS
    unit = next((found[name] for name in names if isinstance(found.get(name), str)), "1")
    return decimal(number), unit, False


def plain(number: Decimal) -> str:
    """Write a decimal without an exponent, unless that would be long."""
    return f"{number:f}" if abs(number.adjusted()) <= _PLAIN else str(number)


_PLAIN = 100
