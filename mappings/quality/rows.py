"""The report as a Parameters resource, a parameter `row` for each facility and day.

https://hl7.org/fhir/R4/parameters.html
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import msgspec

from mappings.quality.field_profile import FieldProfile
from mappings.quality.report import Filled, Row
from mappings.terms.identifiers import Systems, facility_identifier

Fhir = dict[str, Any]


def parameters(rows: Sequence[Row], profiles: Sequence[FieldProfile], systems: Systems) -> Fhir:
    """Give the rows; of each profile also the names of the fields that were missing."""
    names = {
        profile.name: {field.code: field.name for field in profile.fields} for profile in profiles
    }
    listed = [{"name": "row", "part": _row(row, names, systems)} for row in rows]
    found: Fhir = {"resourceType": "Parameters"}
    return found | ({"parameter": listed} if listed else {})


def _row(row: Row, names: Mapping[str, Mapping[str, str]], systems: Systems) -> list[Fhir]:
    figures: list[Fhir] = [
        {"name": "facility", "valueIdentifier": facility_identifier(row.facility, systems)},
        {"name": "day", "valueDate": row.day},
        {"name": "visits", "valueInteger": row.visits},
        {"name": "refused", "valueInteger": row.refused},
        {"name": "issues-per-thousand", "valueDecimal": _number(row.issues_per_thousand)},
        {"name": "repeated", "valueInteger": row.repeated},
        {"name": "doubled", "valueInteger": row.doubled},
    ]
    if row.freshness is not None and row.fresh is not None:
        hours = {
            "value": _number(row.freshness),
            "unit": "giờ",
            "system": "http://unitsofmeasure.org",
            "code": "h",
        }
        figures.append({"name": "freshness", "valueQuantity": hours})
        figures.append({"name": "fresh", "valueDecimal": _number(row.fresh)})
    figures += [
        {"name": "completeness", "part": _filled(name, filled, names.get(name, {}))}
        for name, filled in sorted(row.completeness.items())
    ]
    return figures


def _filled(name: str, filled: Filled, names: Mapping[str, str]) -> list[Fhir]:
    parts: list[Fhir] = [{"name": "profile", "valueCode": name}]
    if filled.share is not None:
        parts.append({"name": "share", "valueDecimal": _number(filled.share)})
    for code, times in filled.missing.most_common():
        coding = {"code": code} | ({"display": names[code]} if code in names else {})
        missing = [
            {"name": "field", "valueCoding": coding},
            {"name": "visits", "valueInteger": times},
        ]
        parts.append({"name": "missing", "part": missing})
    return parts


def _number(value: float) -> msgspec.Raw:
    """Give a figure with three decimals as FHIR's JSON has it."""
    return msgspec.Raw(str(Decimal(value).quantize(Decimal("0.001"))).encode())
