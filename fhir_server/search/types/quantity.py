"""Quantity parameters: ranges `{lo, hi, u}` as written, and in base units under `:ucum`.

`u` are the units they are found by: `*|mg`, `http://unitsofmeasure.org|mg`; of base units the one
code there is. https://hl7.org/fhir/R4/search.html#quantity
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Any

from fhir_server.fhir.errors import Invalid
from fhir_server.search.condition import AnyOf, Condition, Element, either
from fhir_server.search.escape import split, unescape
from fhir_server.search.numbers import (
    EXACT,
    HIGHEST,
    LOWEST,
    PREFIXES,
    above,
    asked,
    below,
    indexed,
    key,
    keyed,
    operator,
    read,
    written,
)
from fhir_server.search.place import Place
from fhir_server.search.types import token
from fhir_server.spec.spec import SearchParam

UCUM = "http://unitsofmeasure.org"
CURRENCY = "urn:iso:std:iso:4217"

# Both ends of a value, None where it is open, and the Quantity that has its unit.
Measured = tuple[Decimal | None, Decimal | None, Mapping[str, Any]]


def fields(param: SearchParam, values: Iterable[tuple[str, Any]], place: Place) -> dict[str, Any]:
    """Give `{code: {lo, hi, u}}`, the same in base units under `:ucum`, or arrays of such."""
    measured = [one for kind, value in values if (one := _measured(kind, value))]
    if not measured:
        return {}
    written = [_as_written(one) for one in measured]
    found: dict[str, Any] = {param.code: written[0] if param.single else written}
    if in_base := [base for one in measured if (base := _in_base_units(one, place))]:
        found[f"{param.code}:ucum"] = in_base[0] if param.single else in_base
    return found


def _compared(param: SearchParam, alternatives: Sequence[str], place: Place) -> Condition:
    return either(*(_asked(param, text, place) for text in alternatives))


MODIFIERS: Mapping[str, Callable[[SearchParam, Sequence[str], Place], Condition]] = {
    "": _compared,
}


def _asked(param: SearchParam, text: str, place: Place) -> Condition:
    """Read `5.4`, `5.4|system|code` or `5.4||code`."""
    first, *unit = (unescape(part) for part in split(text, "|"))
    if unit and (len(unit) != 2 or not unit[1]):  # noqa: PLR2004 (system and code)
        told = f"{text[:64]!r} has to be number, number|system|code or number||code."
        raise Invalid(told, code="value")
    prefix, digits = operator(first)
    number, compare = written(digits), PREFIXES[prefix]
    field = f"x.{param.code}"
    if not unit:
        return Element(field, (compare(asked(number)),), param.single)
    system, code = unit
    base = _base(number.value, code, place) if system == UCUM else None
    if base is None:
        found_by = AnyOf("u", (token.entries([(system, code)])[0 if system else 1],))
        return Element(field, (compare(asked(number)), found_by), param.single)

    def in_base_units(value: Decimal) -> str:
        converted = _base(value, code, place)
        return key(value if converted is None else converted[0])

    found_by = AnyOf("u", (base[1],))
    compared = compare(asked(number, in_base_units))
    return Element(f"{field}:ucum", (compared, found_by), param.single)


def _base(value: Decimal, code: str, place: Place) -> tuple[Decimal, str] | None:
    found = place.canonical(value, code)
    return found if found and keyed(found[0]) else None


def _as_written(measured: Measured) -> dict[str, Any]:
    low, high, unit = measured
    found = _ends(low, high, unit.get("comparator"))
    units = _units(_text(unit.get("system")), _text(unit.get("code")), _text(unit.get("unit")))
    if units:
        found["u"] = list(units)
    return found


@lru_cache(maxsize=4096)
def _units(system: str, code: str, name: str) -> tuple[str, ...]:
    """Give what a unit is found by; few units come again and again."""
    found = token.entries([(system, code)]) if code else []
    if name:
        found.append(f"{token.ANY_SYSTEM}|{name}")
    return tuple(dict.fromkeys(found))


def _in_base_units(measured: Measured, place: Place) -> dict[str, Any] | None:
    low, high, unit = measured
    code = _text(unit.get("code"))
    if not code or unit.get("system") != UCUM:
        return None
    ends = [None if end is None else _base(end, code, place) for end in (low, high)]
    known = [end for end in ends if end is not None]
    if len(known) != 2 - (low, high).count(None):
        return None
    low, high = (end and end[0] for end in ends)
    return {**_ends(low, high, unit.get("comparator")), "u": known[0][1]}


def _ends(low: Decimal | None, high: Decimal | None, comparator: Any) -> dict[str, Any]:
    """Give both ends as keys; `<5` and `>5` do not have 5 in them."""
    lowest = LOWEST if low is None else key(low)
    if low is high:
        return {"lo": lowest, "hi": lowest}
    highest = HIGHEST if high is None else key(high)
    return {
        "lo": above(lowest) if comparator == ">" else lowest,
        "hi": below(highest) if comparator == "<" else highest,
    }


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _measured(kind: str, value: Any) -> Measured | None:
    if not isinstance(value, dict):
        return None
    if kind == "Range":
        sides = [side if isinstance(side := value.get(n), dict) else {} for n in ("low", "high")]
        low, high = (indexed(side.get("value")) for side in sides)
        unit: Mapping[str, Any] = sides[0] if low is not None else sides[1]
    elif kind == "SampledData":
        low, high, unit = _sampled(value)
    else:
        low = high = indexed(value.get("value"))
        unit = value
        if kind == "Money":
            unit = {"system": CURRENCY, "code": value.get("currency")}
        if "comparator" in value:
            low, high = _compared_to(low, value["comparator"])
    if low is None and high is None:
        return None
    return low, high, unit


def _compared_to(value: Decimal | None, comparator: Any) -> tuple[Decimal | None, Decimal | None]:
    """Give the ends of a value: `<5` has no lower end."""
    below, above = comparator in ("<", "<="), comparator in (">", ">=")
    return None if below else value, None if above else value


def _sampled(value: Mapping[str, Any]) -> Measured:
    """Give the least and the greatest of the samples; those out of the device's bounds are none.

    https://hl7.org/fhir/R4/datatypes.html#SampledData
    """
    origin, data = value.get("origin"), value.get("data")
    zero = indexed(origin.get("value")) if isinstance(origin, dict) else None
    samples = [read(text) for text in set(data.split())] if isinstance(data, str) else []
    found = [sample for sample in samples if sample is not None]
    factor = indexed(value.get("factor", 1))
    if zero is None or factor is None or not found or not isinstance(origin, dict):
        return None, None, {}
    ends = sorted(EXACT.add(EXACT.multiply(end, factor), zero) for end in (min(found), max(found)))
    return ends[0], ends[1], origin
