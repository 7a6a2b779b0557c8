"""Results as text: values with units, and which lie outside their reference range."""

from decimal import Decimal, InvalidOperation
from typing import Literal

from fhir_server.fhir import decimals
from mappings.ehealth_book import words
from mappings.ehealth_book.words import Fhir, Shelf, clean, concept, joined

Side = Literal["", "▲", "▼", "!"]

# https://hl7.org/fhir/R4/valueset-observation-interpretation.html
_INTERPRETATIONS: tuple[tuple[Side, tuple[str, ...]], ...] = (
    ("▲", ("H", "HH", "HU", "HX", ">")),
    ("▼", ("L", "LL", "LU", "LX", "<")),
    ("!", ("A", "AA", "POS", "R")),
)


def observation(resource: Fhir, _: Shelf) -> str:
    """Give name, value, mark and range: `Đường huyết: 9.8 mmol/L ▲ (3.9-6.4)`."""
    told = joined((value(resource), outside(resource)), " ")
    limits = joined((limit_text(one) for one in resource.get("referenceRange", ())), "; ")
    shown = f"{told} ({limits})" if limits else told
    return joined((concept(resource.get("code")), shown), ": ")


def report(resource: Fhir, _: Shelf) -> str:
    """Give what was examined, when, and the conclusion."""
    when = words.date(resource.get("effectiveDateTime") or resource.get("issued"))
    conclusion = clean(resource.get("conclusion") or "")
    return joined((joined((concept(resource.get("code")), when)), conclusion), " — ")


def value(resource: Fhir) -> str:
    """Give the value of an Observation, or of its components: `120/70 mmHg`."""
    plain = _single(resource)
    if plain or "component" not in resource:
        return plain or concept(resource.get("dataAbsentReason"))
    parts = resource["component"]
    amounts = [part.get("valueQuantity") for part in parts]
    units = {(one or {}).get("unit") for one in amounts}
    if len(units) == 1 and all(amounts):
        bare = [words.quantity({**one, "unit": " ", "code": ""}) for one in amounts if one]
        return joined(("/".join(bare), clean(units.pop() or "")), " ")
    return joined((joined((concept(part.get("code")), _single(part)), " ") for part in parts), ", ")


def outside(resource: Fhir) -> Side:
    """Say on which side of its reference range a result lies, "" where it is inside or unknown.

    What the laboratory said (`interpretation`) comes before what the numbers say.
    """
    for side, codes in _INTERPRETATIONS:
        if words.has_code(resource.get("interpretation"), *codes):
            return side
    ranges = resource.get("referenceRange", ())
    # Of several ranges, by age or by sex, nobody said which is this person's.
    if "interpretation" in resource or len(ranges) != 1:
        return ""
    return _side(resource.get("valueQuantity", {}), ranges[0])


def limit_text(limits: Fhir) -> str:
    """Give a reference range: `3.9-6.4`, `≤ 5.2`, or as the laboratory wrote it."""
    if limits.get("text"):
        return clean(limits["text"])
    low, high = (
        decimals.text(limits[end]["value"]) if "value" in limits.get(end, {}) else ""
        for end in ("low", "high")
    )
    if low and high:
        return f"{low}-{high}"
    return f"≥ {low}" if low else (f"≤ {high}" if high else "")


def _single(resource: Fhir) -> str:
    if "valueQuantity" in resource:
        return words.quantity(resource["valueQuantity"])
    if "valueCodeableConcept" in resource:
        return concept(resource["valueCodeableConcept"])
    if "valueBoolean" in resource:
        return "Có" if resource["valueBoolean"] else "Không"
    if "valueDateTime" in resource:
        return words.date(resource["valueDateTime"])
    plain = resource.get("valueString", resource.get("valueInteger", ""))
    return clean(plain)


def _side(amount: Fhir, limits: Fhir) -> Side:
    """Compare only what is certain: `<5` is below 3 or not, nobody knows."""
    ends = (limits.get("low", {}), limits.get("high", {}))
    low, high = map(_number, ends)
    measured, sign = _number(amount), amount.get("comparator", "")
    units = {one["unit"] for one in (amount, *ends) if "unit" in one}
    if measured is None or len(units) > 1:
        return ""
    if high is not None and not sign.startswith("<"):
        over = measured >= high if sign == ">" else measured > high
        return "▲" if over else _below(measured, low, sign)
    return _below(measured, low, sign)


def _below(measured: Decimal, low: Decimal | None, sign: str) -> Side:
    if low is None or sign.startswith(">"):
        return ""
    under = measured <= low if sign == "<" else measured < low
    return "▼" if under else ""


def _number(amount: Fhir) -> Decimal | None:
    if "value" not in amount:
        return None
    try:
        return decimals.decimal(amount["value"])
    except InvalidOperation:
        return None
