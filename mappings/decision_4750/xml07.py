"""XML7, the discharge paper → Composition (LOINC 18842-5)."""

from mappings.decision_4750.papers import (
    ADVICE,
    DIAGNOSIS,
    TREATMENT,
    Paper,
    composition,
    number,
    section,
)
from mappings.decision_4750.rows import Row
from mappings.decision_4750.scene import Scene, when
from mappings.mapping import Draft
from mappings.terms.concepts import Fhir, logical, present

PAPER = Paper("18842-5", "Discharge summary", "Giấy ra viện", (DIAGNOSIS, TREATMENT, ADVICE))
LEAVE = "Nghỉ sau ra viện"


def discharge_paper(scene: Scene) -> list[Draft]:
    """Give the draft of XML7."""
    return [Draft("Composition/XML7", _paper(scene, row)) for row in scene.rows("XML7")]


def _paper(scene: Scene, row: Row) -> Fhir:
    archive, department = row["SO_LUU_TRU"], row["MA_KHOA_RV"]
    found = composition(
        scene,
        PAPER,
        row,
        _author(scene, row),
        identifier=number(scene, "so-luu-tru", archive) if archive else None,
    )
    if department:
        system = scene.systems.sid("ma-khoa", scene.facility)
        event = found.setdefault("event", [{}])[0]
        event["detail"] = [logical("Location", system, department)]
    return found | present(section=[*found.get("section", []), *_leave(row)])


def _author(scene: Scene, row: Row) -> Fhir | None:
    name = present(display=row["TEN_BS"])
    doctor = scene.first_practitioner(row.many("MA_BS"))
    return doctor | name if doctor else (name or None)


def _leave(row: Row) -> list[Fhir]:
    said = [f"Số ngày nghỉ: {row['SO_NGAY_NGHI']}"] if row["SO_NGAY_NGHI"] else []
    for field, word in (("NGOAITRU_TUNGAY", "Từ ngày"), ("NGOAITRU_DENNGAY", "Đến ngày")):
        if row[field]:
            said.append(f"{word} {when(row[field])}")
    return [section(LEAVE, "", "\n".join(said))] if said else []
