"""Provinces and communes of Viet Nam as they stand since 1 July 2025, and addresses in FHIR.

https://vanban.chinhphu.vn (Decision 19/2025/QĐ-TTg); data: administrative-units-2025.json.
"""

import json
from functools import cache
from importlib.resources import files
from typing import Any

from mappings.terms.concepts import Fhir, coding
from mappings.terms.identifiers import Systems

# Since this day there are 34 provinces and no districts.
REFORM, VERSION = "20250701", "2025-07-01"


@cache
def provinces() -> dict[str, str]:
    """Give province code → name."""
    return {unit["code"]: unit["name"] for unit in _units()}


@cache
def communes() -> dict[str, str]:
    """Give commune code → name."""
    return {code: name for unit in _units() for code, name in unit["wards"]}


def address(text: str, units: tuple[str, str, str], systems: Systems, day: str) -> Fhir:
    """Give the home Address as it was on a day, yyyymmdd: text, codes, names where they are sure.

    `units` are the codes of province, district and commune. Old units are never rewritten as new
    ones, and many of their codes now mean another place: codes with a district, or from before
    July 2025, have no names.
    """
    province, district, commune = units
    current = day >= REFORM and not district
    provinces_, communes_ = (provinces(), communes()) if current else ({}, {})
    found: Fhir = {"use": "home"}
    codes = [
        {"url": systems.extension(f"vn-ext-{level}"), "valueCoding": unit}
        for level, unit in (
            ("province", _unit("province", province, provinces_, systems)),
            ("district", _unit("district", district, {}, systems)),
            ("ward", _unit("ward", commune, communes_, systems)),
        )
        if unit
    ]
    if codes:
        found["extension"] = codes
    if text:
        found["text"] = text
    if commune in communes_:
        found["city"] = communes_[commune]
    if province in provinces_:
        found["state"] = provinces_[province]
    return found | {"country": "VN"}


def _unit(level: str, code: str, names: dict[str, str], systems: Systems) -> Fhir:
    if not code:
        return {}
    found = coding(systems.codes(f"vn-{level}-cs"), code, names.get(code, ""))
    # The same number may stand for another place in the lists before.
    return found | {"version": VERSION} if code in names else found


@cache
def _units() -> list[dict[str, Any]]:
    source = files("mappings.terms") / "administrative-units-2025.json"
    found: list[dict[str, Any]] = json.loads(source.read_text("utf-8"))["provinces"]
    return found
