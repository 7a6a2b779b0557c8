"""Practitioners and organisations a visit names by number → Practitioner, Organization.

https://hl7.org/fhir/R4/practitioner.html
"""

import re

from mappings.decision_4750.scene import Scene, licence
from mappings.mapping import Draft
from mappings.terms.concepts import Fhir
from mappings.terms.identifiers import Systems, facility_identifier, identifier
from mappings.terms.names import human_name

LICENCES = (
    ("XML2", "MA_BAC_SI"),
    ("XML3", "MA_BAC_SI"),
    ("XML3", "NGUOI_THUC_HIEN"),
    ("XML4", "MA_BS_DOC_KQ"),
    ("XML5", "NGUOI_THUC_HIEN"),
    ("XML7", "MA_BS"),
    ("XML13", "MA_BAC_SI"),
    ("XML14", "MA_BAC_SI"),
)
FACILITIES = (
    ("XML1", "MA_NOI_DI"),
    ("XML1", "MA_NOI_DEN"),
    ("XML1", "MA_DKBD"),
    ("XML13", "MA_NOI_DEN"),
)

_SOCIAL_INSURANCE = re.compile(r"\d{10}", re.ASCII)


def practitioners(scene: Scene) -> tuple[Draft, ...]:
    """Give a Practitioner per licence number the tables name, in their order."""
    numbers = dict.fromkeys(
        licence(number)
        for kind, field in LICENCES
        for row in scene.rows(kind)
        for number in row.many(field)
    )
    paper = scene.paper("XML7")
    names = {licence(number): paper["TEN_BS"] for number in paper.many("MA_BS")[:1]}
    return tuple(
        Draft(f"Practitioner/{number}", _practitioner(number, names.get(number, ""), scene.systems))
        for number in numbers
    )


def organizations(scene: Scene) -> tuple[Draft, ...]:
    """Give an Organization per facility code the tables name, the visit's own first."""
    named = (
        code for kind, field in FACILITIES for row in scene.rows(kind) for code in row.many(field)
    )
    codes = dict.fromkeys([scene.facility, *filter(is_facility, named)])
    return tuple(
        Draft(
            f"Organization/{code}",
            {
                "resourceType": "Organization",
                "identifier": [facility_identifier(code, scene.systems)],
            },
        )
        for code in codes
    )


def is_facility(code: str) -> bool:
    """Say whether a code is a facility's: temporary cards carry the province and 000 instead."""
    return not code.endswith("000")


def number_system(number: str, systems: Systems) -> str:
    """Say which numbers these are: 10 digits are social insurance, all others licences."""
    return systems.sid("bhxh" if _SOCIAL_INSURANCE.fullmatch(number) else "cchn")


def _practitioner(number: str, name: str, systems: Systems) -> Fhir:
    found: Fhir = {
        "resourceType": "Practitioner",
        "identifier": [identifier(number_system(number, systems), number)],
    }
    return found | {"name": [human_name(name)]} if name else found
