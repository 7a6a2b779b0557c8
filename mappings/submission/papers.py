"""A referral letter or a follow-up slip, and the visit that quotes its number: tied together.

Whichever came first: the Encounter then refers to the paper, and the paper is used up. One field of
the decree holds either number, so both kinds are looked for. Only papers of the same patient count.
On what is of another visit, perhaps another facility's, only what `USED` names is written.
"""

from collections.abc import Iterator
from typing import Any

from fhir_server.fhir import json
from fhir_server.search.condition import AnyOf, both, either
from fhir_server.store.documents import Stored
from fhir_server.store.transact import Transaction
from mappings.mapping import ENCOUNTER, token
from mappings.submission.record import appointed
from mappings.terms.identifiers import LETTER, SLIP, VISIT

Fhir = dict[str, Any]

# Type of the paper → (kind of its number, the element of the Encounter that refers to it)
KINDS = {"ServiceRequest": (LETTER, "basedOn"), "Appointment": (SLIP, "appointment")}
# What the server itself writes on a paper, or on an Encounter, of another visit: nothing else.
USED = {
    "ServiceRequest": ("status",),
    "Appointment": ("status", "start", "end"),
    ENCOUNTER: ("basedOn", "appointment"),
}
_MANY = 20


async def tied(
    transaction: Transaction, patient: str, resources: dict[str, Fhir]
) -> dict[str, Fhir]:
    """Give, by `Type/id`, what changes when one visit's resources meet other visits' papers.

    `patient` is `Patient/id`; `resources` are the visit's, their references final. Of the others
    nothing but the elements of `USED` changes.
    """
    found: dict[str, Fhir] = {}
    theirs: dict[str, Fhir] = {}
    for name, one in resources.items():
        if one["resourceType"] == ENCOUNTER:
            others = await _papers(transaction, patient, one)
            theirs |= others
            for paper in others.keys() - resources.keys():
                found |= _pair(name, found.get(name, one), paper, others[paper])
        elif _number(one) and one.get("status") != "entered-in-error":
            others = await _visits(transaction, patient, one)
            theirs |= others
            for visit in others.keys() - resources.keys():
                found |= _pair(visit, found.get(visit, others[visit]), name, found.get(name, one))
    return {
        name: one if name in resources else marked(theirs[name], one) for name, one in found.items()
    }


def marked(stored: Fhir, after: Fhir) -> Fhir:
    """Give the stored resource with the elements of `USED` as they are after, in their order."""
    names = USED[stored["resourceType"]]
    kept = {name: value for name, value in stored.items() if name not in names or name in after}
    return kept | {name: after[name] for name in names if name in after}


async def _papers(transaction: Transaction, patient: str, visit: Fhir) -> dict[str, Fhir]:
    """Give the papers whose number the Encounter quotes."""
    numbers = tuple(one for quoted in _quoted(visit) for one in _either_kind(quoted))
    if not numbers:
        return {}
    asked = both(AnyOf("x.patient", (patient,)), AnyOf("x.identifier", numbers))
    found = [row for type_ in KINDS for row in await transaction.search(type_, asked, _MANY)]
    return _standing(found)


async def _visits(transaction: Transaction, patient: str, paper: Fhir) -> dict[str, Fhir]:
    """Give the Encounters that quote the paper's number."""
    numbers = _either_kind(_number(paper))
    quoting = (AnyOf(f"x.{name}:identifier", numbers) for name in ("based-on", "appointment"))
    asked = both(AnyOf("x.patient", (patient,)), either(*quoting))
    return _standing(await transaction.search(ENCOUNTER, asked, _MANY))


def _standing(rows: tuple[Stored, ...] | list[Stored]) -> dict[str, Fhir]:
    found = {f"{row.type}/{row.id}": json.parse_object(row.body or b"{}") for row in rows}
    return {name: one for name, one in found.items() if one.get("status") != "entered-in-error"}


def _pair(visit_name: str, visit: Fhir, paper_name: str, paper: Fhir) -> dict[str, Fhir]:
    """Give both, the Encounter with the reference, the paper used where it was meant for."""
    _, element = KINDS[paper["resourceType"]]
    numbers = _either_kind(_number(paper))
    told: Fhir = {name: value for name, value in visit.items() if name not in _elements()}
    for name in _elements():
        kept = [one for one in visit.get(name, ()) if _token(one) not in numbers]
        if kept:
            told[name] = kept
    system, _, value = _number(paper).partition("|")
    known = {"system": system, "value": value}
    link = {"reference": paper_name, "type": paper["resourceType"], "identifier": known}
    told[element] = [*told.get(element, ()), link]
    return {visit_name: told, paper_name: _used(paper, visit)}


def _used(paper: Fhir, visit: Fhir) -> Fhir:
    """Give the paper used, where it stands open and was written for the visit's facility.

    A slip is for the facility that issued it, a letter for whom it names.
    """
    if paper["resourceType"] == "Appointment":
        if paper.get("status") not in {"booked", "proposed"} or not _returned(paper, visit):
            return paper
        began = visit.get("period", {}).get("start", "")
        found = appointed({**paper, "status": "fulfilled"}, began)
        return found if "start" in found else paper
    meant = {one.get("reference") for one in paper.get("performer", ())}
    here = visit.get("serviceProvider", {}).get("reference")
    if paper.get("status") == "active" and (not meant or here in meant):
        return {**paper, "status": "completed"}
    return paper


def _returned(slip: Fhir, visit: Fhir) -> bool:
    """Say whether a visit is at the facility whose slip it is."""
    issuer = _number(slip).partition("|")[0].rpartition("/")[2]
    systems = (one.get("system", "") for one in visit.get("identifier", ()))
    return any(system.endswith(f"/{VISIT}/{issuer}") for system in systems)


def _elements() -> tuple[str, ...]:
    return tuple(element for _, element in KINDS.values())


def _quoted(visit: Fhir) -> Iterator[str]:
    return (_token(one) for name in _elements() for one in visit.get(name, ()) if _token(one))


def _token(reference: Fhir) -> str:
    return token(reference["identifier"]) if reference.get("identifier", {}).get("value") else ""


def _number(paper: Fhir) -> str:
    """Give the number a visit would quote, `system|value`; empty for what is no such paper."""
    kind, _ = KINDS.get(paper["resourceType"], ("", ""))
    numbers = (one for one in paper.get("identifier", ()) if kind and one.get("value"))
    return next((token(one) for one in numbers if f"/{kind}/" in one.get("system", "")), "")


def _either_kind(number: str) -> tuple[str, ...]:
    """Give the number as a letter's and as a slip's of the same facility."""
    system, bar, value = number.partition("|")
    letter, slip = f"/{LETTER}/", f"/{SLIP}/"
    other = system.replace(letter, slip) if letter in system else system.replace(slip, letter)
    return (number, other + bar + value)
