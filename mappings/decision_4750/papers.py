"""Papers that are mostly prose: a Composition with a section per part.

https://hl7.org/fhir/R4/composition.html
"""

from collections.abc import Sequence
from dataclasses import dataclass

from mappings.decision_4750.rows import Row
from mappings.decision_4750.scene import Scene, period, when
from mappings.terms.concepts import LOINC, Fhir, coding, concept, logical, narrative, present
from mappings.terms.identifiers import identifier


@dataclass(frozen=True, slots=True)
class Part:
    """A section: title, LOINC code or '' for none, and the fields whose text it holds."""

    title: str
    code: str
    fields: tuple[str, ...]


DIAGNOSIS = Part("Chẩn đoán", "11535-2", ("CHAN_DOAN_RV",))
TREATMENT = Part("Phương pháp điều trị", "62387-6", ("PP_DIEUTRI", "PP_DIEU_TRI"))
COURSE = Part("Quá trình bệnh lý và diễn biến lâm sàng", "10164-2", ("QT_BENHLY",))
RESULTS = Part("Tóm tắt kết quả cận lâm sàng", "30954-2", ("TOMTAT_KQ",))
ADVICE = Part("Lời dặn của bác sĩ", "8653-8", ("GHI_CHU",))


@dataclass(frozen=True, slots=True)
class Paper:
    """What one kind of paper is: its LOINC type, its title, its parts in order."""

    code: str
    display: str
    title: str
    parts: tuple[Part, ...]


def composition(scene: Scene, paper: Paper, row: Row, author: Fhir | None, **more: object) -> Fhir:
    """Give the Composition of a row; without an author the facility speaks for itself.

    The date is the row's own, else the end of the visit, else the day of the submission.
    """
    facility = scene.organization(scene.facility)
    head = row["MA_TTDV"]
    signer = logical("Practitioner", scene.systems.sid("bhxh"), head) if head else None
    kind = coding(LOINC, paper.code, paper.display)
    stay = period(row["NGAY_VAO"], row["NGAY_RA"])
    said = row["NGAY_CT"] or row["NGAY_RA"] or scene.summary["NGAY_RA"] or scene.created
    parts: Fhir = {
        "resourceType": "Composition",
        "status": "final",
        "type": concept([kind], paper.title),
        **scene.about,
        "date": when(said),
        "author": [author or facility],
        "title": paper.title,
        "attester": [{"mode": "legal", "party": signer}] if signer else [],
        "custodian": facility,
        "event": [{"period": stay}] if stay else [],
        "section": sections(row, paper.parts),
    }
    return present(**parts | more)


def sections(row: Row, parts: Sequence[Part]) -> list[Fhir]:
    """Give the sections that have text; the same text in two fields is said once."""
    found = []
    for part in parts:
        texts = dict.fromkeys(row[field] for field in part.fields if row[field])
        if texts:
            found.append(section(part.title, part.code, "\n".join(texts)))
    return found


def section(title: str, code: str, text: str) -> Fhir:
    """Give one section of prose."""
    kind = concept([coding(LOINC, code)] if code else [])
    return {"title": title} | ({"code": kind} if kind else {}) | {"text": narrative(text)}


def number(scene: Scene, name: str, value: str) -> Fhir:
    """Give the Identifier of a paper's number, which is unique only inside its facility."""
    return identifier(scene.systems.sid(name, scene.facility), value)
