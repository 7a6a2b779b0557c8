"""XML3, services and supplies: ServiceRequest and Procedure, or SupplyDelivery, per row.

https://hl7.org/fhir/R4/servicerequest.html, https://hl7.org/fhir/R4/supplydelivery.html
"""

from mappings.decision_4750.diagnoses import condition_key, icd_codes, plain
from mappings.decision_4750.rows import Row
from mappings.decision_4750.scene import Scene, when
from mappings.mapping import PATIENT, Draft
from mappings.terms import codes
from mappings.terms.concepts import ICD9_PROCEDURES, ICD10, Fhir, coding, concept, present
from mappings.terms.quantities import quantity

# Cost groups of bed days (Decision 5937/QĐ-BYT, annex 3): ordered and paid for, but not performed.
BEDS = frozenset({"14", "15", "16"})


def services(scene: Scene) -> list[Draft]:
    """Give the drafts of XML3; rows that are neither a service nor a supply give none."""
    known = frozenset(icd_codes(scene))
    found = []
    for row in scene.rows("XML3"):
        if row["MA_VAT_TU"] or row["TEN_VAT_TU"]:
            found.append(Draft(f"SupplyDelivery/XML3/{row.identity}", _supply(scene, row)))
        elif row["MA_DICH_VU"] or row["TEN_DICH_VU"]:
            found.append(Draft(request_key(row), _request(scene, row, known)))
            if row["MA_NHOM"] not in BEDS:
                found.append(Draft(f"Procedure/XML3/{row.identity}", _procedure(scene, row)))
    return found


def request_key(row: Row) -> str:
    """Give the draft key of the ServiceRequest of a row."""
    return f"ServiceRequest/XML3/{row.identity}"


def is_service(row: Row) -> bool:
    """Say whether the row is a service, not a supply used in one."""
    return bool(row["MA_DICH_VU"]) and not (row["MA_VAT_TU"] or row["TEN_VAT_TU"])


def _request(scene: Scene, row: Row, known: frozenset[str]) -> Fhir:
    reasons = [plain(icd) for icd in row.many("MA_BENH")]
    done = row["NGAY_TH_YL"] or row["NGAY_KQ"]
    group = row["MA_NHOM"]
    return present(
        resourceType="ServiceRequest",
        status="completed" if done else "active",
        intent="order",
        category=[codes.coded("MA_NHOM", group, scene.systems)] if group else [],
        code=_code(scene, row, []),
        quantityQuantity=_amount(row),
        **scene.about,
        occurrenceDateTime=when(row["NGAY_TH_YL"]),
        authoredOn=when(row["NGAY_YL"]),
        requester=scene.first_practitioner(row.many("MA_BAC_SI")),
        reasonCode=[concept([coding(ICD10, icd)]) for icd in reasons if icd not in known],
        reasonReference=[scene.to(condition_key(icd)) for icd in reasons if icd in known],
    )


def _procedure(scene: Scene, row: Row) -> Fhir:
    done = row["NGAY_TH_YL"] or row["NGAY_KQ"]
    site = row["VI_TRI_TH_DVKT"]
    return present(
        resourceType="Procedure",
        basedOn=[scene.to(request_key(row))],
        status="completed" if done else "unknown",
        code=_code(scene, row, row.many("MA_PTTT_QT")),
        **scene.about,
        performedDateTime=when(row["NGAY_TH_YL"]),
        performer=[{"actor": scene.practitioner(one)} for one in row.many("NGUOI_THUC_HIEN")],
        bodySite=[codes.coded("VI_TRI_TH_DVKT", site, scene.systems)] if site else [],
        usedCode=[concept([], device) for device in row.many("MA_MAY")],
    )


def _code(scene: Scene, row: Row, international: list[str]) -> Fhir:
    system = scene.systems.codes(codes.CODE_SYSTEMS["MA_DICH_VU"])
    own = [coding(system, row["MA_DICH_VU"])] if row["MA_DICH_VU"] else []
    return concept(
        own + [coding(ICD9_PROCEDURES, code) for code in international], row["TEN_DICH_VU"]
    )


def _supply(scene: Scene, row: Row) -> Fhir:
    system = scene.systems.codes(codes.CODE_SYSTEMS["MA_VAT_TU"])
    code = [coding(system, row["MA_VAT_TU"])] if row["MA_VAT_TU"] else []
    item = present(quantity=_amount(row), itemCodeableConcept=concept(code, row["TEN_VAT_TU"]))
    return present(
        resourceType="SupplyDelivery",
        status="completed",
        patient=scene.to(PATIENT),
        suppliedItem=item,
        occurrenceDateTime=when(row["NGAY_TH_YL"] or row["NGAY_YL"]),
        supplier=scene.organization(scene.facility),
    )


def _amount(row: Row) -> Fhir | None:
    return quantity(row["SO_LUONG"], row["DON_VI_TINH"]) if row["SO_LUONG"] else None
