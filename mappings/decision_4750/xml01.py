"""XML1, the visit: Encounter, the plan the patient left with, and procedures named here only.

https://hl7.org/fhir/R4/encounter.html, https://hl7.org/fhir/R4/careplan.html
"""

from mappings.decision_4750.diagnoses import conditions, diagnoses, ranked
from mappings.decision_4750.measurements import measurements
from mappings.decision_4750.patient import coverages
from mappings.decision_4750.rows import Row
from mappings.decision_4750.scene import Scene, period, when
from mappings.mapping import ENCOUNTER, PATIENT, Draft
from mappings.terms import codes
from mappings.terms.concepts import (
    ICD9_PROCEDURES,
    TERMINOLOGY,
    Fhir,
    coding,
    concept,
    logical,
    present,
)
from mappings.terms.identifiers import LETTER, SLIP, VISIT, identifier
from mappings.terms.quantities import quantity

ACT = f"{TERMINOLOGY}v3-ActCode"
CLASSES = {
    "AMB": "ambulatory",
    "FLD": "field",
    "HH": "home health",
    "IMP": "inpatient encounter",
    "SS": "short stay",
    "VR": "virtual",
}
FOLLOW_UP_VISIT = "1.5"


def visit(scene: Scene) -> list[Draft]:
    """Give the drafts of XML1, the Encounter first; the Patient is not among them."""
    found = diagnoses(scene)
    return [
        Draft(ENCOUNTER, _encounter(scene, ranked(scene, found))),
        *coverages(scene),
        *conditions(scene, found),
        *measurements(scene),
        *_plan(scene),
        *_procedures(scene),
    ]


def _encounter(scene: Scene, diagnosis: list[Fhir]) -> Fhir:
    row, systems = scene.summary, scene.systems
    number = identifier(systems.sid(VISIT, scene.facility), scene.ma_lk, "VN")
    record = identifier(systems.sid("ma-hsba", scene.facility), row["MA_HSBA"])
    kind = codes.fhir_code("MA_LOAI_KCB", row["MA_LOAI_KCB"])
    return present(
        resourceType=ENCOUNTER,
        extension=_extensions(scene),
        identifier=[number, record] if row["MA_HSBA"] else [number],
        status="finished" if row["NGAY_RA"] else "in-progress",
        class_=_class(kind),
        classHistory=_class_history(row, kind),
        type=[codes.coded("MA_LOAI_KCB", row["MA_LOAI_KCB"], systems)],
        serviceType=_departments(scene),
        subject=scene.to(PATIENT),
        **_came_by(scene),
        period=period(row["NGAY_VAO"], row["NGAY_RA"]),
        length=quantity(row["SO_NGAY_DTRI"], "ngày", "d") if row["SO_NGAY_DTRI"] else None,
        reasonCode=_reasons(scene),
        diagnosis=diagnosis,
        hospitalization=_hospitalization(scene),
        location=_beds(scene),
        serviceProvider=scene.organization(scene.facility),
    )


def _extensions(scene: Scene) -> list[Fhir]:
    pairs = (
        ("MA_DOITUONG_KCB", "vn-ext-insurance-visit-type"),
        ("KET_QUA_DTRI", "vn-ext-treatment-outcome"),
    )
    return [
        {
            "url": scene.systems.extension(name),
            "valueCodeableConcept": codes.coded(field, code, scene.systems),
        }
        for field, name in pairs
        if (code := scene.summary[field])
    ]


def _class(code: str) -> Fhir:
    return coding(ACT, code, CLASSES[code])


def _class_history(row: Row, kind: str) -> list[Fhir]:
    arrived, admitted, left = (row[name] for name in ("NGAY_VAO", "NGAY_VAO_NOI_TRU", "NGAY_RA"))
    if not admitted:
        return []
    inside = {
        "class": _class(kind),
        "period": period(admitted, left),
    }
    if admitted <= arrived:
        return [inside]
    before = {"start": when(arrived), "end": when(admitted)}
    return [{"class": _class("AMB"), "period": before}, inside]


def _departments(scene: Scene) -> Fhir | None:
    system = scene.systems.codes(codes.CODE_SYSTEMS["MA_KHOA"])
    codings = [coding(system, code) for code in dict.fromkeys(scene.summary.many("MA_KHOA"))]
    return concept(codings) or None


def _came_by(scene: Scene) -> Fhir:
    """Say by which paper the patient came: one field holds a referral's or a slip's number."""
    row = scene.summary
    number, origin = row["GIAY_CHUYEN_TUYEN"], row["MA_NOI_DI"]
    if not number:
        return {}
    if origin and row["MA_DOITUONG_KCB"] != FOLLOW_UP_VISIT:
        system = scene.systems.sid(LETTER, origin)
        return {"basedOn": [logical("ServiceRequest", system, number)]}
    system = scene.systems.sid(SLIP, origin or scene.facility)
    return {"appointment": [logical("Appointment", system, number)]}


def _reasons(scene: Scene) -> list[Fhir]:
    row = scene.summary
    found = [concept([], row["LY_DO_VV"])] if row["LY_DO_VV"] else []
    if row["MA_LY_DO_VNT"]:
        found.append(
            codes.coded("MA_LY_DO_VNT", row["MA_LY_DO_VNT"], scene.systems, row["LY_DO_VNT"])
        )
    elif row["LY_DO_VNT"]:
        found.append(concept([], row["LY_DO_VNT"]))
    return found


def _hospitalization(scene: Scene) -> Fhir | None:
    row = scene.summary
    origin, destination, left = row["MA_NOI_DI"], row["MA_NOI_DEN"], row["MA_LOAI_RV"]
    return (
        present(
            origin=scene.organization(origin) if origin else None,
            destination=scene.organization(destination) if destination else None,
            dischargeDisposition=codes.coded("MA_LOAI_RV", left, scene.systems) if left else None,
        )
        or None
    )


def _beds(scene: Scene) -> list[Fhir]:
    beds = dict.fromkeys(bed for row in scene.rows("XML3") for bed in row.many("MA_GIUONG"))
    return [{"location": {"type": "Location", "display": f"Giường {bed}"}} for bed in beds]


def _plan(scene: Scene) -> list[Draft]:
    row = scene.summary
    if not (row["PP_DIEU_TRI"] or row["GHI_CHU"]):
        return []
    resource = present(
        resourceType="CarePlan",
        status="completed" if row["NGAY_RA"] else "active",
        intent="plan",
        description=row["PP_DIEU_TRI"],
        **scene.about,
        note=[{"text": row["GHI_CHU"]}] if row["GHI_CHU"] else [],
    )
    return [Draft("CarePlan", resource)]


def _procedures(scene: Scene) -> list[Draft]:
    done = {code for row in scene.rows("XML3") for code in row.many("MA_PTTT_QT")}
    return [
        Draft(
            f"Procedure/{code}",
            {
                "resourceType": "Procedure",
                "status": "completed",
                "code": concept([coding(ICD9_PROCEDURES, code)]),
                **scene.about,
            },
        )
        for code in dict.fromkeys(scene.summary.many("MA_PTTT_QT"))
        if code not in done
    ]
