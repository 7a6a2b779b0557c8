"""XML13, the referral letter → ServiceRequest, and a Composition of its prose (LOINC 57133-1).

https://hl7.org/fhir/R4/servicerequest.html
"""

from mappings.decision_4750.diagnoses import condition_key, icd_codes
from mappings.decision_4750.papers import (
    COURSE,
    DIAGNOSIS,
    RESULTS,
    TREATMENT,
    Paper,
    Part,
    composition,
    number,
    section,
)
from mappings.decision_4750.rows import Row
from mappings.decision_4750.scene import Scene, when
from mappings.mapping import Draft
from mappings.terms import codes
from mappings.terms.concepts import Fhir, coding, concept, present
from mappings.terms.identifiers import LETTER as LETTER_NUMBER

PAPER = Paper(
    "57133-1",
    "Referral note",
    "Phiếu chuyển cơ sở khám bệnh, chữa bệnh",
    (
        Part("Dấu hiệu lâm sàng", "29545-1", ("DAU_HIEU_LS",)),
        DIAGNOSIS,
        COURSE,
        RESULTS,
        TREATMENT,
        Part("Dịch vụ kỹ thuật đã thực hiện", "47519-4", ("TEN_DICH_VU",)),
        Part("Thuốc đã dùng", "10160-0", ("TEN_THUOC",)),
        Part("Hướng điều trị", "18776-5", ("HUONG_DIEU_TRI",)),
    ),
)
TRANSPORT = "Phương tiện vận chuyển, người hộ tống"
REQUEST, LETTER = "ServiceRequest/XML13", "Composition/XML13"


def referral(scene: Scene) -> list[Draft]:
    """Give the drafts of XML13: the request, then the letter's prose."""
    return [
        draft
        for row in scene.rows("XML13")
        for draft in (Draft(REQUEST, _request(scene, row)), Draft(LETTER, _letter(scene, row)))
    ]


def _request(scene: Scene, row: Row) -> Fhir:
    # The table has no date of issue: the letter is written when the patient leaves.
    signed = when(row["NGAY_RA"] or scene.summary["NGAY_RA"])
    receiver = row["MA_NOI_DEN"] or scene.summary["MA_NOI_DEN"]
    register = row["SO_CHUYENTUYEN"]
    numbers = [number(scene, LETTER_NUMBER, row["GIAY_CHUYEN_TUYEN"])]
    if register:
        numbers.append(number(scene, "so-chuyen-tuyen", register))
    plan, file = row["HUONG_DIEU_TRI"], row["SO_HOSO"]
    kind = coding(scene.systems.codes("vn-service-request-category-cs"), "referral", PAPER.title)
    return present(
        resourceType="ServiceRequest",
        identifier=numbers,
        requisition=number(scene, "so-ho-so-chuyen-tuyen", file) if file else None,
        status="active",
        intent="order",
        category=[{"coding": [kind]}],
        code=concept([], PAPER.title),
        **scene.about,
        occurrencePeriod=present(start=signed) or None,
        authoredOn=signed,
        requester=scene.first_practitioner(row.many("MA_BAC_SI"))
        or scene.organization(scene.facility),
        performer=[scene.organization(receiver)] if receiver else [],
        reasonCode=[codes.coded("MA_LYDO_CT", row["MA_LYDO_CT"], scene.systems)],
        reasonReference=[scene.to(condition_key(icd)) for icd in icd_codes(scene)],
        supportingInfo=[scene.to(LETTER)],
        note=[{"text": plan}] if plan else [],
    )


def _letter(scene: Scene, row: Row) -> Fhir:
    found = composition(scene, PAPER, row, scene.first_practitioner(row.many("MA_BAC_SI")))
    escort = " – ".join(
        row[field] for field in ("HOTEN_NGUOI_HT", "CHUCDANH_NGUOI_HT") if row[field]
    )
    said = [text for text in (row["PHUONGTIEN_VC"], escort) if text]
    transport = [section(TRANSPORT, "", "\n".join(said))] if said else []
    return found | present(section=[*found.get("section", []), *transport])
