"""Provinces and communes of Viet Nam as they stand since 1 July 2025, and addresses in FHIR.

https://vanban.chinhphu.vn (Decision 19/2025/QĐ-TTg); data: administrative-units-2025.json.
"""

import json
from functools import cache
from importlib.resources import files
from typing import Any

from mappings.terms.concepts import Fhir, coding
from mappings.terms.identifiers import Systems


@cache
def provinces() -> dict[str, str]:
    """Give province code → name."""
    return {unit["code"]: unit["name"] for unit in _units()}


@cache
def communes() -> dict[str, str]:
    """Give commune code → name."""
    return {code: name for unit in _units() for code, name in unit["wards"]}


def address(text: str, province: str, commune: str, systems: Systems) -> Fhir:
    """Give the home Address: text as written, names where the codes are known, codes always.

    Codes from before July 2025 are kept without a name: old units are never rewritten as new ones.
    """
    found: Fhir = {"use": "home"}
    codes = [
        {"url": systems.extension(f"vn-ext-{level}"), "valueCoding": unit}
        for level, unit in (
            ("province", _unit("province", province, provinces(), systems)),
            ("ward", _unit("ward", commune, communes(), systems)),
        )
        if unit
    ]
    if codes:
        found["extension"] = codes
    if text:
        found["text"] = text
    if commune in communes():
        found["city"] = communes()[commune]
    if province in provinces():
        found["state"] = provinces()[province]
    return found | {"country": "VN"}


def _unit(level: str, code: str, names: dict[str, str], systems: Systems) -> Fhir:
    return coding(systems.codes(f"vn-{level}-cs"), code, names.get(code, "")) if code else {}


@cache
def _units() -> list[dict[str, Any]]:
    source = files("mappings.terms") / "administrative-units-2025.json"
    found: list[dict[str, Any]] = json.loads(source.read_text("utf-8"))["provinces"]
    return found
