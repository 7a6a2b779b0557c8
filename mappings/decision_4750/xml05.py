"""XML5, the clinical course: a ClinicalImpression per row, vital signs out of `CSST<…>`.

https://hl7.org/fhir/R4/clinicalimpression.html, https://hl7.org/fhir/R4/observation-vitalsigns.html
"""

from mappings.decision_4750.measurements import EXAM, VITAL, loinc, observation, stay
from mappings.decision_4750.rows import Row
from mappings.decision_4750.scene import Scene, when
from mappings.mapping import Draft
from mappings.terms.concepts import LOINC, Fhir, coding, concept, present
from mappings.terms.quantities import quantity
from mappings.terms.vital_signs import signs

# Sign → (LOINC, display, text, unit, UCUM)
SIGNS = {
    "M": ("8867-4", "Heart rate", "Mạch", "lần/phút", "/min"),
    "T": ("8310-5", "Body temperature", "Nhiệt độ", "°C", "Cel"),
    "NT": ("9279-1", "Respiratory rate", "Nhịp thở", "lần/phút", "/min"),
    "SP": ("2708-6", "Oxygen saturation in Arterial blood", "SpO2", "%", "%"),
}
PULSE_OXIMETRY = "59408-5"
SYSTOLIC = ("8480-6", "Systolic blood pressure", "Huyết áp tâm thu")
DIASTOLIC = ("8462-4", "Diastolic blood pressure", "Huyết áp tâm trương")
PANEL = (
    "85354-9",
    "Blood pressure panel with all children optional",
    "Huyết áp",
)
NOTES = (
    ("GIAI_DOAN_BENH", "Giai đoạn bệnh"),
    ("HOI_CHAN", "Hội chẩn"),
    ("PHAU_THUAT", "Phẫu thuật"),
)


def course(scene: Scene) -> list[Draft]:
    """Give the drafts of XML5, each note before its vital signs."""
    found = []
    for row in scene.rows("XML5"):
        found.append(Draft(f"ClinicalImpression/XML5/{row.identity}", _impression(scene, row)))
        found += _vital_signs(scene, row)
    return found


def _impression(scene: Scene, row: Row) -> Fhir:
    time = when(row["THOI_DIEM_DBLS"])
    return present(
        resourceType="ClinicalImpression",
        status="completed",
        **scene.about,
        effectiveDateTime=time,
        date=time,
        assessor=scene.first_practitioner(row.many("NGUOI_THUC_HIEN")),
        summary=row["DIEN_BIEN_LS"],
        note=[{"text": f"{title}: {row[field]}"} for field, title in NOTES if row[field]],
    )


def _vital_signs(scene: Scene, row: Row) -> list[Draft]:
    """Give an Observation per sign; without a time of its own it is of some time in the stay."""
    stem = f"Observation/XML5/{row.identity}"
    time = row["THOI_DIEM_DBLS"]
    more = {} if time else {"effectivePeriod": stay(scene)}
    return [
        observation(scene, f"{stem}/{sign}", kind, code, value=value, time=time, **more)
        for sign, (first, second) in signs(row["DIEN_BIEN_LS"]).items()
        for kind, code, value in _measured(sign, first, second)
    ]


def _measured(sign: str, first: str, second: str) -> list[tuple[str, Fhir, Fhir]]:
    """Give category, code and value[x] of a sign; blood pressure without its half gives none."""
    if sign == "HA":
        return [(VITAL, loinc(*PANEL), _pressures(first, second))] if second else []
    if sign == "HL":
        return [(EXAM, concept([], "Chế độ hộ lý"), {"valueString": f"Cấp {first}"})]
    code, display, text, unit, ucum = SIGNS[sign]
    said = loinc(code, display, text)
    if sign == "SP":
        said["coding"].append(coding(LOINC, PULSE_OXIMETRY))
    return [(VITAL, said, {"valueQuantity": quantity(first, unit, ucum)})]


def _pressures(systolic: str, diastolic: str) -> Fhir:
    components = [
        {"code": loinc(*which), "valueQuantity": quantity(said, "mmHg", "mm[Hg]")}
        for which, said in ((SYSTOLIC, systolic), (DIASTOLIC, diastolic))
    ]
    return {"component": components}
