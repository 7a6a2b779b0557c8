"""A page of the book as a readable timeline: document Bundle → styled lines."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from fhir_server.fhir import reference
from mappings.ehealth_book import lines, sections, words
from mappings.ehealth_book.person import about
from mappings.ehealth_book.results import observation, outside, report
from mappings.ehealth_book.sections import CODE_SYSTEM, Section
from mappings.ehealth_book.signs import is_blood_group, is_sign, sign_lines
from mappings.ehealth_book.words import Fhir, Shelf, concept, joined

Style = Literal["title", "visit", "label", "alert", "follow-up", "plain"]

LABELS: Mapping[Section, str] = {
    sections.DIAGNOSES: "Chẩn đoán",
    sections.RESULTS: "Kết quả",
    sections.MEDICINES: "Thuốc",
    sections.PROCEDURES: "Dịch vụ kỹ thuật",
    sections.NOTES: "Diễn biến",
    sections.REFERRALS: "Chuyển cơ sở",
    sections.FOLLOW_UPS: "Điều trị tiếp, hẹn khám lại",
}
OPEN = frozenset({"booked", "pending", "proposed"})
_LONGEST = 400


@dataclass(frozen=True, slots=True)
class Line:
    """One line; `indent` in steps, `style` says what it is, not how it looks."""

    text: str
    style: Style = "plain"
    indent: int = 0


def timeline(bundle: Fhir, *, first: bool = True) -> list[Line]:
    """Give the lines of one page: the person's block (on the `first` page), then the visits."""
    shelf = shelf_of(bundle)
    resource: Fhir = bundle["entry"][0]["resource"]
    top = {_code(section): section for section in resource.get("section", ())}
    visits = top.get(sections.VISITS.code, {}).get("section", ())
    blood = ""
    told: list[Line] = []
    for visit in visits:
        # A blood group is said where it is new, not with every visit again.
        known, blood = blood, _blood_group(visit, shelf) or blood
        told += _visit(visit, shelf, {known})
    if not first:
        return told
    found = [*_person(top, shelf), *_history(top, shelf)]
    if not visits:
        found.append(Line("Chưa có đợt khám bệnh, chữa bệnh nào.", indent=1))
    return found + told


def _blood_group(visit: Fhir, shelf: Shelf) -> str:
    results = (one for one in visit.get("section", ()) if _code(one) == sections.RESULTS.code)
    entries = (entry for one in results for entry in _entries(one, shelf))
    return next((observation(one, shelf) for one in entries if is_blood_group(one)), "")


def shelf_of(bundle: Fhir) -> dict[str, Fhir]:
    """Give the resources of a Bundle by Type/id, as their fullUrls end."""
    return {
        _path(entry.get("fullUrl", "")): entry["resource"]
        for entry in bundle.get("entry", ())
        if "resource" in entry
    }


def older_page(bundle: Fhir) -> str | None:
    """Give the URL of the page of older visits, None on the last page."""
    resource: Fhir = bundle["entry"][0]["resource"]
    for relation in resource.get("relatesTo", ()):
        if relation.get("code") == "appends":
            url: str | None = relation.get("targetIdentifier", {}).get("value")
            return url
    return None


def _path(url: str) -> str:
    found = reference.parse(url)
    return f"{found.type}/{found.id}" if found.type else url


def _code(section: Fhir) -> str:
    return words.code(section.get("code"), CODE_SYSTEM)


def _entries(section: Fhir, shelf: Shelf) -> list[Fhir]:
    targets = (words.of(one, shelf) for one in section.get("entry", ()))
    return [target for target in targets if target]


def _person(top: Mapping[str, Fhir], shelf: Shelf) -> Iterator[Line]:
    entries = _entries(top.get(sections.ADMINISTRATIVE.code, {}), shelf)
    cards = {one.get("subscriberId", "") for one in entries if one["resourceType"] == "Coverage"}
    for one in entries:
        if one["resourceType"] == "Patient":
            yield Line(lines.patient(one, shelf), "title")
            yield from (Line(text, indent=1) for text in about(one, shelf, cards))
        else:
            yield Line(lines.line(one, shelf), indent=1)


def _history(top: Mapping[str, Fhir], shelf: Shelf) -> Iterator[Line]:
    entries = _entries(top.get(sections.HISTORY.code, {}), shelf)
    if entries:
        yield Line("Tiền sử", "label", 1)
        yield from (Line(lines.line(one, shelf), indent=2) for one in entries)


def _visit(section: Fhir, shelf: Shelf, known: Collection[str]) -> Iterator[Line]:
    """Give a visit's lines; results told in the same words before, `known`, are left out."""
    encounter = next(iter(_entries(section, shelf)), {})
    yield Line("")
    yield Line(lines.encounter(encounter, shelf), "visit")
    for label, text in _around(encounter):
        if text:
            yield Line(f"{label}: {text}", indent=1)
    inner = {_code(one): one for one in section.get("section", ())}
    held = {
        one: _entries(inner[one.code], shelf) for one in sections.OF_A_VISIT if one.code in inner
    }
    told_elsewhere = _told_elsewhere([entry for entries in held.values() for entry in entries])
    for one, entries in held.items():
        shown = [
            entry
            for entry in entries
            if _own(entry) not in told_elsewhere
            and not (is_blood_group(entry) and observation(entry, shelf) in known)
        ]
        told = list(_told(one, shown, encounter, shelf))
        if told:
            yield Line(LABELS[one], "label", 1)
            yield from told


def _around(encounter: Fhir) -> list[tuple[str, str]]:
    stay = encounter.get("hospitalization", {})
    outcome = [
        concept(one.get("valueCodeableConcept"))
        for one in encounter.get("extension", ())
        if one.get("url", "").endswith("/vn-ext-treatment-outcome")
    ]
    left = concept(stay.get("dischargeDisposition"))
    return [
        ("Lý do", words.concepts(encounter.get("reasonCode"))),
        ("Ra viện", joined((left, *outcome))),
    ]


def _own(resource: Fhir) -> str:
    return f"{resource['resourceType']}/{resource.get('id')}"


def _told_elsewhere(entries: Sequence[Fhir]) -> set[str]:
    """Give the orders that were carried out, and the procedures whose report is shown."""
    reported = {
        key for one in entries if one["resourceType"] == "DiagnosticReport" for key in _orders(one)
    }
    ordered = {key for one in entries for key in _orders(one)}
    return ordered | {
        _own(one)
        for one in entries
        if one["resourceType"] == "Procedure" and not reported.isdisjoint(_orders(one))
    }


def _orders(resource: Fhir) -> set[str]:
    return {words.key(one) for one in resource.get("basedOn", ())} - {""}


def _told(section: Section, entries: Sequence[Fhir], visit: Fhir, shelf: Shelf) -> Iterator[Line]:
    if section == sections.RESULTS:
        yield from _results(entries, shelf)
        return
    for one in entries:
        if section == sections.DIAGNOSES:
            yield _line(lines.diagnosis(one, visit, shelf))
        elif one["resourceType"] == "Appointment":
            mark = "⏰ " if one.get("status") in OPEN else ""
            yield Line(mark + lines.appointment(one, shelf), "follow-up", 2)
        else:
            yield _line(lines.line(one, shelf))


def _results(entries: Sequence[Fhir], shelf: Shelf) -> Iterator[Line]:
    """Give vital signs, a line per time, then each report with its results, then the others."""
    signs = [one for one in entries if is_sign(one)]
    yield from map(_line, sign_lines(signs))
    shown = set(map(_own, signs))
    for one in entries:
        if one["resourceType"] == "DiagnosticReport":
            parts = [words.of(part, shelf) for part in one.get("result", ())]
            yield _line(report(one, shelf))
            yield from (_result(part, shelf, 3) for part in parts if part)
            shown |= {_own(part) for part in parts if part} | {_own(one)}
    yield from (_result(one, shelf, 2) for one in entries if _own(one) not in shown)


def _result(resource: Fhir, shelf: Shelf, indent: int) -> Line:
    side = outside(resource)
    return Line(lines.line(resource, shelf), "alert" if side else "plain", indent)


def _line(text: str) -> Line:
    short = text if len(text) <= _LONGEST else text[:_LONGEST].rstrip() + " …"
    return Line(short, indent=2)


def plain(page: Sequence[Line]) -> str:
    """Give the lines as text without colours."""
    return "\n".join("  " * line.indent + line.text for line in page)
