"""Which Patient is meant: matched inside the transaction, never merged or overwritten by guess.

In order: the 12-digit citizen id; the insurance number with birth date and folded name; the
facility's own number. Two patients found, or a name, birth date or sex that disagrees, make a
provisional Patient and a Task for a person to review.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fhir_server.fhir import json
from fhir_server.search.condition import AnyOf, Between, Element, Not, both
from fhir_server.search.fold import fold
from fhir_server.store.documents import Stored
from fhir_server.store.transact import Transaction
from mappings.decision_4750.visit import PatientDraft

PROVISIONAL = {
    "system": "http://fhir-server.vn/CodeSystem/patient-status",
    "code": "provisional",
    "display": "Identity under review",
}
_MERGE_HOPS = 5
_CANDIDATES = 20


@dataclass(frozen=True, slots=True)
class Match:
    """`id` and `current` of the Patient found; both None for a new one.

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
    found: dict[str, dict[str, Any]] = {}
    for strength in draft.matching:
        rows = await _holding(transaction, strength.tokens)
        if strength.needs_demographics:
            rows = [row for row in rows if not _disagreements(row, draft.resource)]
        found |= {row["id"]: row for row in rows}
    if not found:
        return Match()
    if len(found) > 1:
        doubt = "Its identifiers belong to different patients."
        return Match(None, (doubt,), tuple(sorted(found)))
    (current,) = found.values()
    doubts = tuple(_disagreements(current, draft.resource))
    if doubts:
        return Match(None, doubts, (current["id"],))
    return Match(current)


async def lock_new(
    transaction: Transaction, draft: PatientDraft, current: dict[str, Any] | None
) -> None:
    """Lock the identifiers that are about to be new, so that two hospitals make one Patient."""
    known = {_token(one) for one in (current or {}).get("identifier", ())}
    for token in sorted({token for one in draft.matching for token in one.tokens} - known):
        await transaction.lock(f"Patient?identifier={token}")


async def is_latest(
    transaction: Transaction, patient_id: str, encounter_id: str, start: int
) -> bool:
    """Say whether no other visit of this patient began later than `start` (µs)."""
    later = both(
        AnyOf("x.patient", (f"Patient/{patient_id}",)),
        Element("x.date", (Between("lo", start + 1),), single=True),
        Not(AnyOf("_id", (encounter_id,))),
    )
    return not await transaction.search("Encounter", later, 1)


def merged(
    current: dict[str, Any] | None, draft: dict[str, Any], *, latest: bool
) -> dict[str, Any]:
    """Give the Patient to store: identifiers add up, demographics are the latest visit's."""
    if current is None:
        return draft
    known = current.get("identifier", [])
    tokens = {_token(one) for one in known}
    added = [one for one in draft.get("identifier", []) if _token(one) not in tokens]
    base = {**current, **draft} if latest else dict(current)
    base["identifier"] = [*known, *added]
    base["meta"] = current.get("meta", {})
    return base


async def _holding(transaction: Transaction, tokens: Sequence[str]) -> list[dict[str, Any]]:
    """Give the patients that hold one of these identifiers, merged ones followed to the end."""
    holding = both(
        AnyOf("x.identifier", tuple(tokens)),
        Not(AnyOf("x._tag", (f"{PROVISIONAL['system']}|{PROVISIONAL['code']}",))),
    )
    rows = await transaction.search("Patient", holding, _CANDIDATES)
    kept: dict[str, dict[str, Any]] = {}
    for row in rows:
        survivor = await follow(transaction, row)
        if survivor is not None:
            kept[survivor["id"]] = survivor
    return list(kept.values())


async def follow(transaction: Transaction, row: Stored) -> dict[str, Any] | None:
    """Give the Patient this one was merged into, or itself."""
    patient = json.parse_object(row.body or b"{}")
    for _ in range(_MERGE_HOPS):
        into = _replaced_by(patient)
        if into is None:
            return patient
        next_row = await transaction.read("Patient", into)
        if next_row is None:
            return None
        patient = json.parse_object(next_row.body or b"{}")
    return None


def _replaced_by(patient: dict[str, Any]) -> str | None:
    for link in patient.get("link", []):
        if link.get("type") == "replaced-by":
            reference: str = link["other"].get("reference", "")
            return reference.removeprefix("Patient/")
    return None


def _disagreements(current: dict[str, Any], draft: dict[str, Any]) -> list[str]:
    doubts = []
    if not _same_name(current, draft):
        doubts.append("The name differs from the stored one.")
    if not _same_date(current.get("birthDate"), draft.get("birthDate")):
        doubts.append("The birth date differs from the stored one.")
    if not _same_sex(current.get("gender"), draft.get("gender")):
        doubts.append("The sex differs from the stored one.")
    return doubts


def _same_name(current: dict[str, Any], draft: dict[str, Any]) -> bool:
    ours = {fold(name.get("text", "")) for name in current.get("name", [])}
    theirs = {fold(name.get("text", "")) for name in draft.get("name", [])}
    return not ours or not theirs or bool(ours & theirs)


def _same_date(ours: str | None, theirs: str | None) -> bool:
    """Birth dates agree to the precision both have: 1985 agrees with 1985-03-15."""
    if not ours or not theirs:
        return True
    shorter = min(len(ours), len(theirs))
    return ours[:shorter] == theirs[:shorter]


def _same_sex(ours: str | None, theirs: str | None) -> bool:
    return not ours or not theirs or ours == theirs or "unknown" in (ours, theirs)


def _token(identifier: dict[str, Any]) -> str:
    return f"{identifier.get('system', '')}|{identifier.get('value', '')}"
