"""Datatypes as short Vietnamese text: dates, quantities, concepts, names, references.

Every text is one line without control characters: what is stored is never trusted on a screen.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta, timezone
from typing import Any

from fhir_server.fhir import decimals, reference

Fhir = Mapping[str, Any]
# "Type/id" → resource: everything a page holds.
Shelf = Mapping[str, Fhir]

_VIET_NAM = timezone(timedelta(hours=7))


def clean(text: object) -> str:
    """Give the text as one line, control and direction characters left out."""
    shown = "".join(sign if sign.isprintable() else " " for sign in str(text))
    return " ".join(shown.split())


def joined(parts: Iterable[str], by: str = " · ") -> str:
    """Join the parts that say something."""
    return by.join(part for part in parts if part)


def first(values: Iterable[Fhir] | None) -> Fhir:
    """Give the first of several elements, an empty one where there is none."""
    return next(iter(values or ()), {})


def date(text: str | None) -> str:
    """Give a FHIR date or dateTime as read in Viet Nam: `22/11/2026 10:30`, `11/2026`, `2026`."""
    if not text:
        return ""
    if "T" in text:
        try:
            local = datetime.fromisoformat(text).astimezone(_VIET_NAM)
        except (ValueError, OverflowError):
            return clean(text)
        return local.strftime("%d/%m/%Y %H:%M")
    return clean("/".join(reversed(text.split("-"))))


def period(value: Fhir | None) -> str:
    """Give a Period: `22/11/2026 10:30 → 11:00`; the day of the end is not said twice."""
    start, end = date((value or {}).get("start")), date((value or {}).get("end"))
    day, _, time = end.partition(" ")
    if time and start.startswith(day):
        end = time
    return joined((start, end), " → ")


def concept(value: Fhir | None) -> str:
    """Give a CodeableConcept's text, else the display or code of its first coding."""
    return said(value) or clean(first((value or {}).get("coding")).get("code", ""))


def said(value: Fhir | None) -> str:
    """Give the words of a CodeableConcept, an empty string where it has a bare code only."""
    value = value or {}
    return clean(value.get("text") or first(value.get("coding")).get("display") or "")


def concepts(values: Iterable[Fhir] | None) -> str:
    """Give several CodeableConcepts, separated by commas."""
    return joined((concept(value) for value in values or ()), ", ")


def code(value: Fhir | None, system: str) -> str:
    """Give the code a CodeableConcept has in one system, or an empty string."""
    codings = (value or {}).get("coding", ())
    return clean(next((one.get("code", "") for one in codings if one.get("system") == system), ""))


def has_code(values: Iterable[Fhir] | Fhir | None, *wanted: str) -> bool:
    """Say whether one of the CodeableConcepts has one of the codes, whatever the system."""
    several = [values] if isinstance(values, Mapping) else values or ()
    return any(one.get("code") in wanted for value in several for one in value.get("coding", ()))


def quantity(value: Fhir | None) -> str:
    """Give a Quantity: `≤ 5.60 mmol/L`, the digits as they were written."""
    value = value or {}
    if "value" not in value:
        return ""
    comparator = str(value.get("comparator", ""))
    sign = {"<=": "≤", ">=": "≥"}.get(comparator, comparator)
    unit = str(value.get("unit") or value.get("code") or "")
    return clean(joined((sign, decimals.text(value["value"]), unit), " "))


def name(person: Fhir) -> str:
    """Give a HumanName list's first name, or the name of an organisation."""
    names = person.get("name")
    if isinstance(names, str):
        return clean(names)
    found = first(names)
    parts = (found.get("family", ""), *found.get("given", ()))
    return clean(found.get("text") or joined(parts, " "))


def key(target: Fhir | None) -> str:
    """Give what a Reference points at as `Type/id`, or an empty string."""
    found = reference.parse((target or {}).get("reference", ""))
    return f"{found.type}/{found.id}" if found.type else ""


def of(target: Fhir | None, shelf: Shelf) -> Fhir:
    """Give the resource a Reference points at, empty where it is not on the shelf."""
    return shelf.get(key(target), {})


def party(target: Fhir | None, shelf: Shelf) -> str:
    """Give the name of whom a Reference points at: its own, the display, or its number."""
    target = target or {}
    found = of(target, shelf)
    identifier = first(found.get("identifier")) or target.get("identifier", {})
    return name(found) or clean(target.get("display") or identifier.get("value") or "")


def parties(targets: Iterable[Fhir] | None, shelf: Shelf) -> str:
    """Give several names, separated by commas."""
    return joined((party(target, shelf) for target in targets or ()), ", ")


def facility(target: Fhir | None, shelf: Shelf) -> str:
    """Give the name of a facility, or its code where it has no name yet."""
    shown = party(target, shelf)
    coded = shown.isdigit() and not key(target).startswith("Practitioner/")
    return f"Cơ sở {shown}" if coded else shown
