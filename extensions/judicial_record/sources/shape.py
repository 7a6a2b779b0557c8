"""Is a part of a row made as the certificate's definition says? Elements, types, counts, codes.

A source record is the JSON of `conviction`, `prohibition` or `subjectSnapshot`, so that a form
copies it; what the definition has no place for is refused here, before it is sealed away.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from extensions.judicial_record.sources.problems import Problem
from fhir_server.fhir import json

_DEFINITIONS = Path(__file__).parents[1] / "definitions"
_ROOT = "JudicialRecordCertificate"
# What of the data types a source may say; the figures are whole numbers: the form is signed.
_TYPES = {
    "CodeableConcept": {"coding": "Coding*", "text": "string"},
    "Coding": {"system": "uri", "version": "string", "code": "code", "display": "string"},
    "Reference": {"type": "uri", "identifier": "Identifier", "display": "string"},
    "Identifier": {"system": "uri", "value": "string"},
    "Duration": {"value": "integer", "unit": "string", "system": "uri", "code": "code"},
    "Money": {"value": "integer", "currency": "code"},
    "Address": dict.fromkeys(("text", "city", "district", "state", "country"), "string"),
}
_DATE = re.compile(r"\d{4}(-\d{2}(-\d{2})?)?", re.ASCII)
_DAY = len("2026-01-01")
_LONGEST = 4000
_LARGEST = 10**15


@dataclass(frozen=True)
class Element:
    """One element: its type, whether it repeats or has to be, its codes (none: any), its parts."""

    type: str = "BackboneElement"
    repeats: bool = False
    needed: bool = False
    codes: frozenset[str] = frozenset()
    children: "dict[str, Element]" = field(default_factory=dict)


def problems(part: str, value: Any, where: str) -> list[Problem]:
    """Give what is wrong with the JSON of an element, such as `conviction`, found at `where`.

    What a source has to say of the element itself is for `checking`; inside it, the definition.
    """
    element = _definition()
    for name in part.split("."):
        element = element.children[name]
    if not isinstance(value, dict):
        return [Problem("wrong-type", where)]
    return list(_children(element.children, value, where))


def _one(element: Element, value: Any, where: str) -> Iterator[Problem]:
    if element.type != "BackboneElement" and element.type not in _TYPES:
        reason = _primitive(element.type, value, where)
        if reason or (element.codes and value not in element.codes):
            yield Problem(reason or _unknown(where), where)
    elif not isinstance(value, dict):
        yield Problem("wrong-type", where)
    else:
        children = element.children or _typed(element.type)
        yield from _children(children, value, where)
        lost = (name for name, one in children.items() if one.needed and name not in value)
        yield from (Problem("missing", f"{where}.{name}") for name in lost)
        if element.codes and not _codes(value) <= element.codes:
            yield Problem(_unknown(where), where)


def _children(children: Mapping[str, Element], value: Any, where: str) -> Iterator[Problem]:
    for name, inner in value.items():
        child, place = children.get(name), f"{where}.{name[:64]}"
        if child is None:
            yield Problem("unknown-element", where)
        elif not child.repeats:
            yield from _one(child, inner, place)
        elif not isinstance(inner, list) or not inner:
            yield Problem("wrong-type", place)
        else:
            for number, one in enumerate(inner):
                yield from _one(child, one, f"{place}[{number}]")


def _primitive(type_: str, value: Any, where: str) -> str:
    """Give the reason a value is none of this type, empty where it is one."""
    if type_ in ("integer", "positiveInt", "boolean"):
        wanted = bool if type_ == "boolean" else int
        good = type(value) is wanted and 0 <= value < _LARGEST
        return "" if good else "wrong-type"
    if not isinstance(value, str) or not value.strip() or len(value) > _LONGEST:
        return "wrong-type"
    if any(unicodedata.category(letter) in ("Cc", "Cs", "Cn") for letter in value):
        return "wrong-type"
    return _day(value, where) if type_ == "date" else ""


def _day(text: str, where: str) -> str:
    """Give the reason it is no day; of a birth the year may be all that is known."""
    if not _DATE.fullmatch(text) or (len(text) < _DAY and not where.endswith(".birthDate")):
        return "impossible-date"
    try:
        date.fromisoformat(f"{text}-01-01"[:_DAY])
    except ValueError:
        return "impossible-date"
    return ""


def _codes(concept: Mapping[str, Any]) -> set[str]:
    coding = concept.get("coding", ())
    told = coding if isinstance(coding, list) else ()
    return {str(one.get("code", "")) if isinstance(one, dict) else "" for one in told} or {""}


def _unknown(where: str) -> str:
    return (
        "unknown-paper" if "executionDecision" in where or where == "paper.kind" else "unknown-code"
    )


def _typed(type_: str) -> dict[str, Element]:
    return {
        name: Element(inner.removesuffix("*"), inner.endswith("*"))
        for name, inner in _TYPES[type_].items()
    }


@cache
def _definition() -> Element:
    """Give the certificate as the StructureDefinition of this folder has it."""
    told = _read(f"StructureDefinition-{_ROOT}.json")
    root = Element()
    for one in told["differential"]["element"]:
        names = one["path"].split(".")[1:]
        parent = root
        for name in names[:-1]:
            parent = parent.children[name]
        if names:
            type_ = one.get("type", [{"code": "BackboneElement"}])[0]["code"]
            codes = _bound(one.get("binding", {}))
            many, needed = one.get("max") == "*", bool(one.get("min"))
            parent.children[names[-1]] = Element(type_, many, needed, codes)
    return root


def _bound(binding: Mapping[str, Any]) -> frozenset[str]:
    """Give the codes of a binding to lists that are shipped here whole; none for any other."""
    if binding.get("strength") not in ("required", "extensible"):
        return frozenset()
    name = str(binding.get("valueSet", "")).partition("|")[0].rpartition("/")[2]
    if not (_DEFINITIONS / f"ValueSet-{name}.json").exists():
        return frozenset()
    found: set[str] = set()
    for one in _read(f"ValueSet-{name}.json").get("compose", {}).get("include", ()):
        system = str(one.get("system", "")).rpartition("/")[2]
        if not (_DEFINITIONS / f"CodeSystem-{system}.json").exists():
            return frozenset()
        listed = one.get("concept") or _read(f"CodeSystem-{system}.json").get("concept", ())
        found |= {concept["code"] for concept in listed}
    return frozenset(found)


def _read(name: str) -> dict[str, Any]:
    return json.parse_object((_DEFINITIONS / name).read_bytes())
