"""Codings, concepts, references and narrative: the FHIR shapes every table's mapping writes.

https://hl7.org/fhir/R4/datatypes.html#CodeableConcept
"""

from html import escape
from typing import Any

LOINC = "http://loinc.org"
ICD10 = "http://hl7.org/fhir/sid/icd-10"
ICD9_PROCEDURES = "http://hl7.org/fhir/sid/icd-9-cm"
UCUM = "http://unitsofmeasure.org"
TERMINOLOGY = "http://terminology.hl7.org/CodeSystem/"

Fhir = dict[str, Any]


def coding(system: str, code: str, display: str = "") -> Fhir:
    """Give a Coding; white space inside the code is made single, as FHIR's `code` asks."""
    found = {"system": system, "code": " ".join(code.split())}
    if display:
        found["display"] = display
    return found


def concept(codings: list[Fhir], text: str = "") -> Fhir:
    """Give a CodeableConcept of the codings and the text that are there."""
    found: Fhir = {"coding": codings} if codings else {}
    if text:
        found["text"] = text
    return found


def category(system: str, code: str) -> list[Fhir]:
    """Give a `category` of one code from an HL7 terminology system named by its last part."""
    return [{"coding": [{"system": TERMINOLOGY + system, "code": code}]}]


def logical(kind: str, system: str, value: str, display: str = "") -> Fhir:
    """Give a reference by identifier: the target is known by its number only."""
    found: Fhir = {"type": kind, "identifier": {"system": system, "value": value}}
    if display:
        found["display"] = display
    return found


def narrative(text: str) -> Fhir:
    """Give a Narrative whose paragraphs are the lines of `text`."""
    lines = [escape(line.strip(), quote=False) for line in text.splitlines() if line.strip()]
    inner = "".join(f"<p>{line}</p>" for line in lines)
    return {
        "status": "generated",
        "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{inner}</div>',
    }


def present(**elements: Any) -> Fhir:
    """Give the elements that have a value; an underscore at the end of a name is dropped."""
    return {
        name.rstrip("_"): value
        for name, value in elements.items()
        if value or value not in ("", None, [])
    }
