"""XML1, the diagnoses: Conditions, and how the Encounter ranks them.

https://hl7.org/fhir/R4/condition.html, https://hl7.org/fhir/R4/encounter-definitions.html
"""

from dataclasses import dataclass

from mappings.decision_4750.scene import Scene, when
from mappings.decision_4750.values import split
from mappings.mapping import Draft
from mappings.terms import codes
from mappings.terms.concepts import ICD10, TERMINOLOGY, Fhir, category, coding, concept, present

ADMISSION, DISCHARGE = "AD", "DD"
_ROLES = {ADMISSION: "Admission diagnosis", DISCHARGE: "Discharge diagnosis"}


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One diagnosis: its draft key, its code and note, AD or DD, and its rank, 0 for none."""

    key: str
    code: Fhir
    use: str
    rank: int = 0
    note: str = ""


def diagnoses(scene: Scene) -> list[Diagnosis]:
    """Give the diagnoses of a visit: reception, main, secondary, traditional medicine."""
    row = scene.summary
    found = []
    if row["CHAN_DOAN_VAO"]:
        code = concept([], row["CHAN_DOAN_VAO"])
        found.append(Diagnosis("Condition/reception", code, ADMISSION))
    for rank, (icd, text) in enumerate(_named(icd_codes(scene), row["CHAN_DOAN_RV"]), 1):
        code = concept([coding(ICD10, icd)] if icd else [], text)
        whole = row["CHAN_DOAN_RV"] if rank == 1 and text != row["CHAN_DOAN_RV"] else ""
        found.append(Diagnosis(condition_key(icd), code, DISCHARGE, rank, whole))
    found += [
        Diagnosis(
            f"Condition/traditional/{disease}",
            codes.coded("MA_BENH_YHCT", disease, scene.systems),
            DISCHARGE,
        )
        for disease in dict.fromkeys(row.many("MA_BENH_YHCT"))
    ]
    return found


def icd_codes(scene: Scene) -> list[str]:
    """Give the ICD-10 codes of the visit, the main one first, none twice."""
    row = scene.summary
    return list(dict.fromkeys(map(plain, [*row.many("MA_BENH_CHINH"), *row.many("MA_BENH_KT")])))


def plain(icd: str) -> str:
    """Give an ICD-10 code without the marks of etiology, manifestation and further digits."""
    return icd.rstrip("†*+")


def condition_key(icd: str) -> str:
    """Give the draft key of the Condition with this ICD-10 code."""
    return f"Condition/{icd or 'discharge'}"


def conditions(scene: Scene, found: list[Diagnosis]) -> list[Draft]:
    """Give the Conditions of the diagnoses."""
    return [Draft(diagnosis.key, _condition(scene, diagnosis)) for diagnosis in found]


def ranked(scene: Scene, found: list[Diagnosis]) -> list[Fhir]:
    """Give Encounter.diagnosis."""
    return [
        present(
            condition=scene.to(diagnosis.key),
            use={"coding": [_role(diagnosis.use)]},
            rank=diagnosis.rank or None,
        )
        for diagnosis in found
    ]


def _role(use: str) -> Fhir:
    return coding(f"{TERMINOLOGY}diagnosis-role", use, _ROLES[use])


def _named(icd: list[str], text: str) -> list[tuple[str, str]]:
    """Pair codes with the parts of the text when there are as many; else the main has it all."""
    parts = split(text)
    if len(parts) == len(icd):
        return list(zip(icd, parts, strict=True))
    if not icd:
        return [("", text)] if text else []
    return [(icd[0], text), *((code, "") for code in icd[1:])]


def _condition(scene: Scene, diagnosis: Diagnosis) -> Fhir:
    row = scene.summary
    admission = diagnosis.use == ADMISSION
    status = "provisional" if admission else "confirmed"
    return present(
        resourceType="Condition",
        verificationStatus={"coding": [coding(f"{TERMINOLOGY}condition-ver-status", status)]},
        category=category("condition-category", "encounter-diagnosis"),
        code=diagnosis.code,
        **scene.about,
        recordedDate=when(row["NGAY_VAO"] if admission else row["NGAY_RA"]),
        note=[{"text": diagnosis.note}] if diagnosis.note else [],
    )
