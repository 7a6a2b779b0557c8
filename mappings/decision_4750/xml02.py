"""XML2, medicines: a MedicationRequest per row.

https://hl7.org/fhir/R4/medicationrequest.html
"""

import re

from mappings.decision_4750.rows import Row
from mappings.decision_4750.scene import Scene, when
from mappings.mapping import Draft
from mappings.terms import codes
from mappings.terms.concepts import Fhir, coding, concept, present
from mappings.terms.quantities import number, positive, quantity

# The decree's own pattern: 1 viên/lần * 2 lần/ngày * 28 ngày
_DOSE = re.compile(
    r"(?P<dose>\d{1,6}(?:[.,]\d{1,6})?) ?(?P<unit>[^\d/* ][^\d/*]*?) ?/ ?lần ?\* ?"
    r"(?P<times>\d{1,2}) ?lần ?/ ?ngày(?: ?\* ?(?P<days>\d{1,3}) ?ngày)?",
    re.ASCII,
)


def medicines(scene: Scene) -> list[Draft]:
    """Give the drafts of XML2."""
    return [
        Draft(f"MedicationRequest/XML2/{row.identity}", _medicine(scene, row))
        for row in scene.rows("XML2")
    ]


def _medicine(scene: Scene, row: Row) -> Fhir:
    supply = row["SO_LUONG"]
    return present(
        resourceType="MedicationRequest",
        status="completed" if row["NGAY_TH_YL"] else "active",
        intent="order",
        medicationCodeableConcept=_medication(scene, row),
        **scene.about,
        authoredOn=when(row["NGAY_YL"]),
        requester=scene.first_practitioner(row.many("MA_BAC_SI")),
        dosageInstruction=_dosage(scene, row),
        dispenseRequest={"quantity": quantity(supply, row["DON_VI_TINH"])} if supply else None,
    )


def _medication(scene: Scene, row: Row) -> Fhir:
    codings = [
        coding(scene.systems.codes(codes.CODE_SYSTEMS[field]), row[field])
        for field in ("MA_THUOC", "SO_DANG_KY")
        if row[field]
    ]
    said = row["TEN_THUOC"]
    for part in (row["HAM_LUONG"], row["DANG_BAO_CHE"]):
        if part and part not in said:
            said = f"{said}, {part}"
    return concept(codings, said)


def _dosage(scene: Scene, row: Row) -> list[Fhir]:
    route = row["DUONG_DUNG"]
    found = present(
        text=row["LIEU_DUNG"],
        patientInstruction=row["CACH_DUNG"],
        route=codes.coded("DUONG_DUNG", route, scene.systems) if route else None,
        **_regimen(row["LIEU_DUNG"]),
    )
    return [found] if found else []


def _regimen(text: str) -> Fhir:
    """Read the dose and its times where the text follows the decree's pattern to its end."""
    said = _DOSE.fullmatch(" ".join(text.split()))
    if not said or not positive(said["dose"]) or not positive(said["times"]):
        return {}
    repeat: Fhir = {"frequency": number(said["times"]), "period": 1, "periodUnit": "d"}
    if said["days"]:
        repeat["boundsDuration"] = quantity(said["days"], "ngày", "d")
    dose = {"doseQuantity": quantity(said["dose"], said["unit"])}
    return {"timing": {"repeat": repeat}, "doseAndRate": [dose]}
