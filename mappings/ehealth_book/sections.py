"""The sections of the book, and which resource stands in which.

Groups (a) to (d) of Decision 31/QĐ-BYT (2026); LOINC codes as in
https://hl7.org/fhir/R4/valueset-doc-section-codes.html
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mappings.ehealth_book.words import Fhir, has_code
from mappings.terms.concepts import LOINC, coding

CODE_SYSTEM = "http://fhir-server.vn/CodeSystem/ehealth-book-section"
REFERRAL_CODES = ("referral", "3457005")
REFERRAL_LETTER = "57133-1"


@dataclass(frozen=True, slots=True)
class Section:
    """One kind of section: our code, the LOINC code or "", the title."""

    code: str
    loinc: str
    title: str

    def concept(self) -> dict[str, Any]:
        """Give section.code."""
        own = coding(CODE_SYSTEM, self.code)
        return {"coding": [own, coding(LOINC, self.loinc)] if self.loinc else [own]}


ADMINISTRATIVE = Section("administrative", "", "Thông tin hành chính")
HISTORY = Section("history", "11348-0", "Tiền sử")
VISITS = Section("visits", "46240-8", "Các đợt khám bệnh, chữa bệnh")
VISIT = Section("visit", "", "Đợt khám bệnh, chữa bệnh")

DIAGNOSES = Section("diagnoses", "29308-4", "Chẩn đoán")
RESULTS = Section("results", "30954-2", "Chỉ số và kết quả cận lâm sàng")
MEDICINES = Section("medicines", "10160-0", "Thuốc")
PROCEDURES = Section("procedures", "47519-4", "Phẫu thuật, thủ thuật, dịch vụ kỹ thuật")
NOTES = Section("notes", "11506-3", "Diễn biến, giấy tờ của đợt điều trị")
REFERRALS = Section("referrals", REFERRAL_LETTER, "Chuyển cơ sở khám bệnh, chữa bệnh")
FOLLOW_UPS = Section("follow-ups", "18776-5", "Hướng điều trị, hẹn khám lại")

OF_A_VISIT = (DIAGNOSES, RESULTS, MEDICINES, PROCEDURES, NOTES, REFERRALS, FOLLOW_UPS)


@dataclass(frozen=True, slots=True)
class Link:
    """How resources of a type name their visit: the search parameter, the element."""

    parameter: str = "encounter"
    element: str = "encounter"


_BY_ENCOUNTER, _BY_CONTEXT = Link(), Link("context", "context")

# https://hl7.org/fhir/R4/appointment.html has no `encounter`.
LINKS: Mapping[str, Link] = {
    "Appointment": Link("supporting-info", "supportingInformation"),
    "CarePlan": _BY_ENCOUNTER,
    "ClinicalImpression": _BY_ENCOUNTER,
    "Composition": _BY_ENCOUNTER,
    "Condition": _BY_ENCOUNTER,
    "DiagnosticReport": _BY_ENCOUNTER,
    "ImagingStudy": _BY_ENCOUNTER,
    "MedicationAdministration": _BY_CONTEXT,
    "MedicationDispense": _BY_CONTEXT,
    "MedicationRequest": _BY_ENCOUNTER,
    "MedicationStatement": _BY_CONTEXT,
    "Observation": _BY_ENCOUNTER,
    "Procedure": _BY_ENCOUNTER,
    "ServiceRequest": _BY_ENCOUNTER,
}

_SECTIONS: Mapping[str, Section] = {
    "Appointment": FOLLOW_UPS,
    "CarePlan": FOLLOW_UPS,
    "ClinicalImpression": NOTES,
    "Composition": NOTES,
    "Condition": DIAGNOSES,
    "DiagnosticReport": RESULTS,
    "ImagingStudy": RESULTS,
    "MedicationAdministration": MEDICINES,
    "MedicationDispense": MEDICINES,
    "MedicationRequest": MEDICINES,
    "MedicationStatement": MEDICINES,
    "Observation": RESULTS,
    "Procedure": PROCEDURES,
    "ServiceRequest": PROCEDURES,
}


def section_of(resource: Fhir) -> Section:
    """Give the section of a visit this resource stands in; a referral's letter stands with it."""
    kind = resource["resourceType"]
    if kind == "ServiceRequest" and has_code(resource.get("category"), *REFERRAL_CODES):
        return REFERRALS
    if kind == "Composition" and has_code(resource.get("type"), REFERRAL_LETTER):
        return REFERRALS
    return _SECTIONS[kind]
