"""Which Patient is meant: matched inside the transaction, never merged or overwritten by guess.

In order: the 12-digit citizen id; the insurance number with birth date and folded name; the
facility's own number. Two patients found, or a name, birth date or sex that disagrees, make a
provisional Patient and a Task for a person to review.
"""

from dataclasses import dataclass
from typing import Any

from fhir_server.fhir import json
from fhir_server.search.condition import AnyOf, Between, Condition, Element, Everything, Not, both
from fhir_server.store.documents import Stored
from fhir_server.store.transact import Transaction
from mappings.mapping import PATIENT, PatientDraft
from mappings.submission.demographics import agree, disagreements, number

PROVISIONAL = {
    "system": "http://fhir-server.vn/CodeSystem/patient-status",
    "code": "provisional",
    "display": "Identity under review",
}
_ALL = Everything()
_MERGES = 20
_CANDIDATES = 20


@dataclass(frozen=True, slots=True)
class Match:
    """`current` is the Patient found, None for a new one.

    `doubts` says why a person must look; `candidates` are the patients' ids the doubt is about.
    """

    current: dict[str, Any] | None = None
    doubts: tuple[str, ...] = ()
    candidates: tuple[str, ...] = ()

    @property
    def id(self) -> str | None:
        """The Patient's id."""
        return self.current["id"] if self.current else None


async def match(transaction: Transaction, draft: PatientDraft) -> Match:
    """Find the Patient of this draft in the transaction's snapshot."""
    holders = await _holding(transaction, draft)
    found = {
        patient["id"]: patient
        for strength in draft.matching
        for held, patient in holders
        if not held.isdisjoint(strength.tokens)
        and (not strength.needs_demographics or agree(patient, draft.resource))
    }
    if not found:
        return Match()
    if len(found) > 1:
        doubt = "Its identifiers belong to different patients."
        return Match(None, (doubt,), tuple(sorted(found)))
    (current,) = found.values()
    doubts = disagreements(current, draft.resource)
    return Match(None, doubts, (current["id"],)) if doubts else Match(current)


async def lock(
    transaction: Transaction, draft: PatientDraft, current: dict[str, Any] | None
) -> None:
    """Lock the Patient found, and the identifiers that are about to be new.

    So two hospitals make one Patient, and two visits at once see which is the latest.
    """
    known = set(map(number, (current or {}).get("identifier", ())))
    new = sorted({one for strength in draft.matching for one in strength.tokens} - known)
    found = [f"{PATIENT}/{current['id']}"] if current else []
    await transaction.lock(*found, *(f"{PATIENT}?identifier={one}" for one in new))


async def is_latest(
    transaction: Transaction,
    patient_id: str,
    encounter_id: str,
    start: int,
    among: Condition = _ALL,
) -> bool:
    """Say whether no other visit of this patient, `among` these, began later than `start` (µs)."""
    later = both(
        among,
        AnyOf("x.patient", (f"{PATIENT}/{patient_id}",)),
        Element("x.date", (Between("lo", start + 1),), single=True),
        Not(AnyOf("_id", (encounter_id,))),
    )
    return not await transaction.search("Encounter", later, 1)


async def follow(transaction: Transaction, row: Stored) -> dict[str, Any] | None:
    """Give the Patient this one was merged into, or itself; None where that leads nowhere."""
    patient = json.parse_object(row.body or b"{}")
    for _ in range(_MERGES):
        into = _replaced_by(patient)
        if into is None:
            return patient
        next_row = await transaction.read(PATIENT, into)
        if next_row is None:
            return None
        patient = json.parse_object(next_row.body or b"{}")
    return None


async def _holding(
    transaction: Transaction, draft: PatientDraft
) -> list[tuple[set[str], dict[str, Any]]]:
    """Give the patients that hold one of the draft's identifiers, merged ones followed to the end.

    With each come the identifiers that led to it.
    """
    tokens = tuple({one: None for strength in draft.matching for one in strength.tokens})
    holding = both(
        AnyOf("x.identifier", tokens),
        Not(AnyOf("x._tag", (f"{PROVISIONAL['system']}|{PROVISIONAL['code']}",))),
    )
    rows = await transaction.search(PATIENT, holding, _CANDIDATES * len(tokens)) if tokens else ()
    found = [(_numbers(row), await follow(transaction, row)) for row in rows]
    return [(held, patient) for held, patient in found if patient is not None]


def _numbers(row: Stored) -> set[str]:
    return set(map(number, json.parse_object(row.body or b"{}").get("identifier", ())))


def _replaced_by(patient: dict[str, Any]) -> str | None:
    for link in patient.get("link", ()):
        if link["type"] == "replaced-by":
            reference: str = link["other"].get("reference", "")
            return reference.removeprefix(f"{PATIENT}/")
    return None
