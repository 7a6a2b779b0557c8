"""The Composition that leads a page: who, and the sections with narrative and entries.

https://hl7.org/fhir/R4/composition.html
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from mappings.ehealth_book import sections
from mappings.ehealth_book.lines import diagnosis, encounter, line, patient
from mappings.ehealth_book.page import Leaf, Page, Visit
from mappings.ehealth_book.person import about
from mappings.ehealth_book.sections import Section
from mappings.ehealth_book.signs import is_sign, sign_lines
from mappings.ehealth_book.words import Shelf, first
from mappings.terms.concepts import LOINC, Fhir, coding, concept, narrative, present

TITLE = "Sổ sức khỏe điện tử"
URI = "urn:ietf:rfc:3986"
NOTHING = "Chưa ghi nhận thông tin."
# https://hl7.org/fhir/R4/valueset-list-empty-reason.html
_EMPTY = {
    "coding": [
        {
            "system": "http://terminology.hl7.org/CodeSystem/list-empty-reason",
            "code": "unavailable",
        }
    ]
}
# What the others of a section belong to stands before them.
_FIRST = ("DiagnosticReport", "ServiceRequest")
# The page is put together by a server: no person has signed it.
AUTHOR = {"type": "Device", "display": TITLE}


def composition(
    page: Page, *, identity: str, base_url: str, date: str, profile: str
) -> dict[str, Any]:
    """Give the Composition of a page; `date` is the instant it is made at."""
    shelf = page.shelf()
    return present(
        resourceType="Composition",
        id=identity,
        meta={"lastUpdated": date, "profile": [profile]},
        language="vi",
        text=narrative(f"{TITLE}: {patient(page.patient.resource, shelf)}"),
        identifier={"system": URI, "value": page.here},
        status="final",
        type=concept([coding(LOINC, "60591-5", "Patient summary Document")], TITLE),
        subject={"reference": page.patient.reference},
        date=date,
        author=[{**AUTHOR, "identifier": {"system": URI, "value": base_url}}],
        title=TITLE,
        relatesTo=_older(page),
        section=[
            _administrative(page, shelf),
            _section(sections.HISTORY, page.history, _lines(shelf)),
            _visits(page.visits, shelf),
        ],
    )


def _older(page: Page) -> list[Fhir]:
    if page.older is None:
        return []
    return [{"code": "appends", "targetIdentifier": {"system": URI, "value": page.older}}]


def _administrative(page: Page, shelf: Shelf) -> Fhir:
    leaves = [page.patient, *page.administrative]
    cards = {one.resource.get("subscriberId", "") for one in page.administrative}
    first_line, *others = (line(leaf.resource, shelf) for leaf in leaves)
    told = [first_line, *about(page.patient.resource, shelf, cards), *others]
    return _filled(sections.ADMINISTRATIVE, leaves, told)


def _visits(visits: Sequence[Visit], shelf: Shelf) -> Fhir:
    headlines = "\n".join(encounter(visit.encounter.resource, shelf) for visit in visits)
    found = _head(sections.VISITS, sections.VISITS.title, headlines)
    if not visits:
        return found | {"emptyReason": _EMPTY}
    return found | {"section": [_visit(visit, shelf) for visit in visits]}


def _visit(visit: Visit, shelf: Shelf) -> Fhir:
    resource = visit.encounter.resource
    headline = encounter(resource, shelf)
    told = _lines(shelf, resource)
    nested = [_section(section, ordered(section, visit), told) for section in sections.OF_A_VISIT]
    found = _head(sections.VISIT, headline or sections.VISIT.title, headline)
    found["entry"] = [{"reference": visit.encounter.reference}]
    filled = [section for section in nested if "entry" in section]
    return found | ({"section": filled} if filled else {})


def ordered(section: Section, visit: Visit) -> list[Leaf]:
    """Give what stands in one section of a visit: diagnoses as ranked, the rest by time."""
    held = [leaf for leaf in visit.leaves if sections.section_of(leaf.resource) == section]
    diagnoses = visit.encounter.resource.get("diagnosis", ())
    ranks = {one["condition"].get("reference"): place for place, one in enumerate(diagnoses)}
    return sorted(
        held,
        key=lambda leaf: (
            leaf.resource["resourceType"] not in _FIRST,
            ranks.get(leaf.reference, len(ranks)),
            _time(leaf.resource),
            leaf.reference,
        ),
    )


def _time(resource: Fhir) -> str:
    names = ("effectiveDateTime", "performedDateTime", "authoredOn", "start", "date")
    asked = first(resource.get("requestedPeriod")).get("start", "")
    return next((str(resource[name]) for name in names if name in resource), str(asked))


def _lines(shelf: Shelf, visit: Fhir | None = None) -> Callable[[Leaf], str]:
    def told(leaf: Leaf) -> str:
        if visit is not None and leaf.resource["resourceType"] == "Condition":
            return diagnosis(leaf.resource, visit, shelf)
        return line(leaf.resource, shelf)

    return told


def _section(section: Section, leaves: Sequence[Leaf], told: Callable[[Leaf], str]) -> Fhir:
    signs = [leaf.resource for leaf in leaves if is_sign(leaf.resource)]
    others = (told(leaf) for leaf in leaves if not is_sign(leaf.resource))
    return _filled(section, leaves, [*sign_lines(signs), *others])


def _filled(section: Section, leaves: Sequence[Leaf], told: Sequence[str]) -> Fhir:
    found = _head(section, section.title, "\n".join(_unique(told)))
    if not leaves:
        return found | {"emptyReason": _EMPTY}
    return found | {"entry": [{"reference": leaf.reference} for leaf in leaves]}


def _unique(lines: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(lines))


def _head(section: Section, title: str, text: str) -> Fhir:
    return {"title": title, "code": section.concept(), "text": narrative(text or NOTHING)}
