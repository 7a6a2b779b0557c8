"""Quantity parameters: ranges `{lo, hi, u}` as written, and in base units under `:ucum`.

`u` are the units they are found by: `*|mg`, `http://unitsofmeasure.org|mg`; of base units the one
code there is. https://hl7.org/fhir/R4/search.html#quantity
"""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Any

from fhir_server.fhir.errors import Invalid
from fhir_server.search.collect import Add, Writes
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
from fhir_server.search.place import Canonical, Place
from fhir_server.search.types import token
from fhir_server.spec.spec import SearchParam

UCUM = "http://unitsofmeasure.org"
CURRENCY = "urn:iso:std:iso:4217"

# Both ends of a value, None where it is open, and the Quantity that has its unit.
Measured = tuple[Decimal | None, Decimal | None, Mapping[str, Any]]
# Both ends as keys and the units found by, as written and, where there are, in base units.
Told = tuple[tuple[str, str, tuple[str, ...]], tuple[str, str, str] | None]


def _adds(kind: str) -> Add:
    def add(
        value: Any, place: Place, found: list[dict[str, Any]], in_base: list[dict[str, Any]]
    ) -> None:
        if isinstance(value, dict) and (measured := measure(value)):
            (low, high, units), based = _told(measured, place)
            found.append(
                {"lo": low, "hi": high, "u": list(units)} if units else {"lo": low, "hi": high}
            )
            if based:
                in_base.append({"lo": based[0], "hi": based[1], "u": based[2]})

    measure = _MEASURES.get(kind, _quantity)
    return add


# `{code: {lo, hi, u}}`, the same in base units under `:ucum`, or arrays of such.
WRITES = Writes(_adds, {"": list, ":ucum": list}, scalar=True)


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
    base = _base(number.value, code, place.canonical) if system == UCUM else None
    if base is None:
        found_by = AnyOf("u", (token.entries([(system, code)])[0 if system else 1],))
        return Element(field, (compare(asked(number)), found_by), param.single)

    def in_base_units(value: Decimal) -> str:
        converted = _base(value, code, place.canonical)
        return key(value if converted is None else converted[0])

    found_by = AnyOf("u", (base[1],))
    compared = compare(asked(number, in_base_units))
    return Element(f"{field}:ucum", (compared, found_by), param.single)


def _base(value: Decimal, code: str, canonical: Canonical) -> tuple[Decimal, str] | None:
    found = canonical(value, code)
    return found if found and keyed(found[0]) else None


def _told(measured: Measured, place: Place) -> Told:
    """Give what is indexed of a value; of few units and numbers much is said again and again."""
    low, high, unit = measured
    names = _names(unit)
    tell = _remembered if len("".join(names)) <= _SHORT else _tell
    return tell(low, high, names, place.canonical)


def _names(unit: Mapping[str, Any]) -> tuple[str, ...]:
    """Give comparator, system, code and unit, '' for what is no text."""
    get = unit.get
    names = get("comparator", ""), get("system", ""), get("code", ""), get("unit", "")
    for one in names:
        if type(one) is not str:
            return tuple(one if isinstance(one, str) else "" for one in names)
    return names


def _tell(
    low: Decimal | None, high: Decimal | None, names: tuple[str, ...], canonical: Canonical
) -> Told:
    comparator, system, code, unit = names
    units = dict.fromkeys(token.entries([(system, code)]) if code else [])
    if unit:
        units[f"{token.ANY_SYSTEM}|{unit}"] = None
    written = (*_ends(low, high, comparator), tuple(units))
    based = system == UCUM and bool(code)
    return written, _in_base_units(low, high, names, canonical) if based else None


# Nothing long is kept.
_SHORT = 200
_remembered = lru_cache(maxsize=4096)(_tell)


def _in_base_units(
    low: Decimal | None, high: Decimal | None, names: tuple[str, ...], canonical: Canonical
) -> tuple[str, str, str] | None:
    comparator, _, code, _ = names
    first = None if low is None else _base(low, code, canonical)
    last = first if low is high else None if high is None else _base(high, code, canonical)
    known = first or last
    if known is None or (low is None) != (first is None) or (high is None) != (last is None):
        return None
    return *_ends(first and first[0], last and last[0], comparator), known[1]


def _ends(low: Decimal | None, high: Decimal | None, comparator: str) -> tuple[str, str]:
    """Give both ends as keys; `<5` and `>5` do not have 5 in them."""
    lowest = LOWEST if low is None else key(low)
    if low is high:
        return lowest, lowest
    highest = HIGHEST if high is None else key(high)
    return (
        above(lowest) if comparator == ">" else lowest,
        below(highest) if comparator == "<" else highest,
    )


def _quantity(value: Mapping[str, Any]) -> Measured | None:
    low = high = indexed(value.get("value"))
    if "comparator" in value:
        low, high = _compared_to(low, value["comparator"])
    return None if low is None and high is None else (low, high, value)


def _money(value: Mapping[str, Any]) -> Measured | None:
    measured = _quantity(value)
    unit = {"system": CURRENCY, "code": value.get("currency")}
    return measured and (*measured[:2], unit)


def _range(value: Mapping[str, Any]) -> Measured | None:
    sides = [side if isinstance(side := value.get(n), dict) else {} for n in ("low", "high")]
    low, high = (indexed(side.get("value")) for side in sides)
    unit = sides[0] if low is not None else sides[1]
    return None if low is None and high is None else (low, high, unit)


def _compared_to(value: Decimal | None, comparator: Any) -> tuple[Decimal | None, Decimal | None]:
    """Give the ends of a value: `<5` has no lower end."""
    below, above = comparator in ("<", "<="), comparator in (">", ">=")
    return None if below else value, None if above else value


def _sampled(value: Mapping[str, Any]) -> Measured | None:
    """Give the least and the greatest of the samples; those out of the device's bounds are none.

    https://hl7.org/fhir/R4/datatypes.html#SampledData
    """
    origin, data = value.get("origin"), value.get("data")
    zero = indexed(origin.get("value")) if isinstance(origin, dict) else None
    samples = [read(text) for text in set(data.split())] if isinstance(data, str) else []
    found = [sample for sample in samples if sample is not None]
    factor = indexed(value.get("factor", 1))
    if zero is None or factor is None or not found or not isinstance(origin, dict):
        return None
    ends = sorted(EXACT.add(EXACT.multiply(end, factor), zero) for end in (min(found), max(found)))
    return ends[0], ends[1], origin


_MEASURES: Mapping[str, Callable[[Mapping[str, Any]], Measured | None]] = {
    "Money": _money,
    "Range": _range,
    "SampledData": _sampled,
}
