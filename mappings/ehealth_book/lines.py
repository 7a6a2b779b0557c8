"""One resource as one line of Vietnamese text, for narratives and for the timeline."""

from collections.abc import Callable, Mapping

from mappings.ehealth_book import words
from mappings.ehealth_book.results import observation, report
from mappings.ehealth_book.words import Fhir, Shelf, clean, concept, facility, joined
from mappings.terms.concepts import ICD10
from mappings.terms.vital_signs import without_signs

GENDERS = {"male": "Nam", "female": "Nữ", "other": "Khác", "unknown": "Chưa xác định"}
# https://terminology.hl7.org/CodeSystem-v3-ActCode.html, the part Encounter.class takes
CLASSES = {
    "AMB": "Ngoại trú",
    "EMER": "Cấp cứu",
    "HH": "Tại nhà",
    "IMP": "Nội trú",
    "SS": "Nội trú ban ngày",
    "VR": "Từ xa",
}
_ADMISSION = "AD"
# What became of a paper; of one that is still open nothing is said.
STATES = {
    "completed": "đã tiếp nhận",
    "fulfilled": "đã đến khám",
    "noshow": "không đến khám",
    "cancelled": "đã hủy",
    "revoked": "đã thu hồi",
}


def patient(resource: Fhir, _: Shelf) -> str:
    """Give name, sex and birth date."""
    born = resource.get("birthDate")
    return joined(
        (
            words.name(resource),
            GENDERS.get(resource.get("gender", ""), ""),
            f"sinh {words.date(born)}" if born else "",
        )
    )


def encounter(resource: Fhir, shelf: Shelf) -> str:
    """Give when, where and how: `12/03/2026 07:30 → 09:00 · Cơ sở 99001 · Khám bệnh`."""
    kind = joined(concept(one) for one in resource.get("type", ()))
    return joined(
        (
            words.period(resource.get("period")),
            facility(resource.get("serviceProvider"), shelf),
            kind or CLASSES.get(resource.get("class", {}).get("code", ""), ""),
        )
    )


def condition(resource: Fhir, _: Shelf) -> str:
    """Give the ICD-10 code and the name of a diagnosis."""
    icd, text = words.code(resource.get("code"), ICD10), concept(resource.get("code"))
    return icd if text == icd else joined((icd, text), " ")


def diagnosis(resource: Fhir, visit: Fhir, shelf: Shelf) -> str:
    """Give a diagnosis, marked where it is the one the patient was received with."""
    own = f"Condition/{resource.get('id')}"
    uses = [
        one.get("use") for one in visit.get("diagnosis", ()) if words.key(one["condition"]) == own
    ]
    received = any(words.has_code(use, _ADMISSION) for use in uses)
    return condition(resource, shelf) + (" (lúc vào)" if received else "")


def medicine(resource: Fhir, shelf: Shelf) -> str:
    """Give a medicine, its quantity, and how it is taken."""
    named = resource.get("medicationCodeableConcept")
    named = named or words.of(resource.get("medicationReference"), shelf).get("code")
    supplied = resource.get("quantity") or resource.get("dispenseRequest", {}).get("quantity")
    dosages = resource.get("dosageInstruction") or resource.get("dosage") or ()
    several = [dosages] if isinstance(dosages, Mapping) else dosages
    return joined(
        (
            joined((concept(named) or "Thuốc", words.quantity(supplied)), " × "),
            *(dosage(one) for one in several),
        ),
        " — ",
    )


def dosage(value: Fhir) -> str:
    """Give a Dosage: its text, its route, and what the patient is told."""
    # A route's bare code says nothing to the person who takes the medicine.
    route = words.said(value.get("route"))
    parts = (value.get("text"), route, value.get("patientInstruction"))
    return joined(dict.fromkeys(clean(part) for part in parts if part), "; ")


def procedure(resource: Fhir, _: Shelf) -> str:
    """Give what was done and when."""
    done = resource.get("performedDateTime") or resource.get("performedPeriod", {}).get("start")
    return joined((concept(resource.get("code")), words.date(done)))


def order(resource: Fhir, shelf: Shelf) -> str:
    """Give what was ordered; of a referral where to, why, and the letter's number."""
    to = joined((facility(one, shelf) for one in resource.get("performer", ())), ", ")
    if not to:
        return joined((concept(resource.get("code")), words.date(resource.get("authoredOn"))))
    number = words.first(resource.get("identifier")).get("value", "")
    return joined(
        (
            f"→ {to}",
            words.concepts(resource.get("reasonCode")),
            f"số {clean(number)}" if number else "",
            words.date(resource.get("authoredOn")),
            STATES.get(resource.get("status", ""), ""),
        )
    )


def note(resource: Fhir, shelf: Shelf) -> str:
    """Give a note: when, what it says without vital signs, by whom; of a paper its title."""
    when = resource.get("effectiveDateTime") or resource.get("date") or resource.get("created")
    said = resource.get("title") or resource.get("summary") or resource.get("description") or ""
    more = [one.get("text", "") for one in resource.get("note", ())]
    authors = resource.get("author", ()) if "title" in resource else ()
    by = joined((facility(one, shelf) for one in authors), ", ")
    return joined((words.date(when), clean(without_signs(said)), by, *(clean(one) for one in more)))


def appointment(resource: Fhir, shelf: Shelf) -> str:
    """Give when to come back, where, and what for."""
    asked = words.first(resource.get("requestedPeriod"))
    # A person goes to a place; the citizen and the doctor are named elsewhere in the book.
    actors = [one.get("actor", {}) for one in resource.get("participant", ())]
    places = [
        one for one in actors if "Location" in (one.get("type"), words.key(one).partition("/")[0])
    ]
    return joined(
        (
            words.date(resource.get("start") or asked.get("start")),
            joined((facility(one, shelf) for one in places), ", "),
            clean(resource.get("description") or ""),
            STATES.get(resource.get("status", ""), ""),
        )
    )


def coverage(resource: Fhir, shelf: Shelf) -> str:
    """Give the card's number, how long it is good for, and who pays."""
    identifier = words.first(resource.get("identifier"))
    number = resource.get("subscriberId") or identifier.get("value") or ""
    return joined(
        (
            f"Thẻ {clean(number)}",
            words.period(resource.get("period")),
            words.parties(resource.get("payor"), shelf),
        )
    )


def related_person(resource: Fhir, _: Shelf) -> str:
    """Give who stands for the person, and how they are related."""
    return joined((words.name(resource), words.concepts(resource.get("relationship"))))


def family_history(resource: Fhir, _: Shelf) -> str:
    """Give a relative and what they suffered from."""
    found = (concept(one.get("code")) for one in resource.get("condition", ()))
    return joined((concept(resource.get("relationship")), joined(found, ", ")), ": ")


def immunization(resource: Fhir, _: Shelf) -> str:
    """Give the vaccine and the day."""
    day = resource.get("occurrenceDateTime")
    return joined((concept(resource.get("vaccineCode")), words.date(day)))


def _coded(resource: Fhir, _: Shelf) -> str:
    return concept(resource.get("code")) or clean(resource.get("description") or "")


LINES: Mapping[str, Callable[[Fhir, Shelf], str]] = {
    "Appointment": appointment,
    "CarePlan": note,
    "ClinicalImpression": note,
    "Composition": note,
    "Condition": condition,
    "Coverage": coverage,
    "DiagnosticReport": report,
    "Encounter": encounter,
    "FamilyMemberHistory": family_history,
    "Immunization": immunization,
    "MedicationAdministration": medicine,
    "MedicationDispense": medicine,
    "MedicationRequest": medicine,
    "MedicationStatement": medicine,
    "Observation": observation,
    "Patient": patient,
    "Procedure": procedure,
    "RelatedPerson": related_person,
    "ServiceRequest": order,
}


def line(resource: Fhir, shelf: Shelf) -> str:
    """Give any resource's line; at least its type and id."""
    kind = str(resource.get("resourceType"))
    return LINES.get(kind, _coded)(resource, shelf) or f"{kind}/{resource.get('id')}"
