"""One visit into the database, in one transaction: every resource of it, or nothing.

A visit is (MA_CSKCB, MA_LK). Ids of its resources are made from that key, so a re-submission
updates the same resources; what disappeared is marked entered-in-error; an older submission that
arrives late changes nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from fhir_server.fhir import json
from fhir_server.fhir.errors import Issue
from fhir_server.fhir.reference import rewrite
from fhir_server.interactions.context import Context
from fhir_server.interactions.write import change, checked
from fhir_server.store.documents import Change, Stored
from fhir_server.store.transact import Transaction
from mappings.decision_4750.visit import Draft, Visit, draft_id, draft_url
from mappings.submission import patients, record, review
from mappings.submission.parties import resolve
from mappings.submission.raw import RawFile, binary_changes


@dataclass(slots=True)
class Told:
    """What the answer will say of this visit, filled anew each time the plan runs."""

    issues: list[Issue]
    late: bool = False


async def store(context: Context, raw: RawFile, visit: Visit) -> Sequence[Issue]:
    """Commit the visit; give the issues of the answer: warnings, and which versions changed."""
    told = Told([])

    async def plan(transaction: Transaction) -> Sequence[Change]:
        told.issues, told.late = list(visit.issues), False
        return await _changes(context, transaction, raw, visit, told)

    committed = await context.store.transact(partial(context.allow, "$submit-document"), plan)
    return (*told.issues, _summary(visit, committed, told))


async def _changes(
    context: Context, transaction: Transaction, raw: RawFile, visit: Visit, told: Told
) -> Sequence[Change]:
    kept = await binary_changes(context, transaction, raw)
    before = await record.previous(transaction, visit)
    if before and before.created > raw.creation:
        told.late = True
        told.issues.append(_note(
            f"This file is of {raw.creation}; one of {before.created} is stored already. "
            "It is kept, and the visit stays as it is."
        ))  # fmt: skip
        return (*kept, record.late(context, raw, visit, before))
    if before and before.created == raw.creation:
        told.issues.append(_note("A file of the same day was here before; the later arrival wins."))
    made = await _visit_changes(context, transaction, raw, visit, told)
    gone = await _disappeared(context, transaction, before, made)
    return (*kept, *made.values(), *gone)


async def _visit_changes(
    context: Context, transaction: Transaction, raw: RawFile, visit: Visit, told: Told
) -> dict[str, Change]:
    names, parties = await resolve(context, transaction, visit)
    visit = replace(
        visit,
        patient=replace(visit.patient, resource=rewrite(visit.patient.resource, names)),
    )
    patient, extra = await _patient(context, transaction, visit, told)
    names[draft_url(visit.facility, visit.ma_lk, "Patient")] = f"Patient/{patient.id}"
    names |= {
        draft_url(visit.facility, visit.ma_lk, draft.key): _reference(visit, draft)
        for draft in visit.drafts
    }
    resources = {_reference(visit, draft): rewrite(draft.resource, names) for draft in visit.drafts}
    resources |= record.of(context, raw, visit, patient.id, list(resources))
    changes = {reference: _put(context, reference, one) for reference, one in resources.items()}
    changes |= {f"{one.type}/{one.id}": one for one in (*parties, patient, *extra)}
    return changes


async def _patient(
    context: Context, transaction: Transaction, visit: Visit, told: Told
) -> tuple[Change, Sequence[Change]]:
    """Give the Change of the visit's Patient, and the review Task where there is doubt."""
    found = await patients.match(transaction, visit.patient)
    if found.doubts:
        told.issues.append(_note(
            f"The patient is kept as a provisional one until reviewed: {' '.join(found.doubts)}"
        ))  # fmt: skip
        return await review.provisional(context, transaction, visit, found)
    await patients.lock_new(transaction, visit.patient, found.current)
    identity = found.id or context.new_id()
    encounter = draft_id(visit.facility, visit.ma_lk, "Encounter")
    latest = found.current is None or await patients.is_latest(
        transaction, identity, encounter, visit.start
    )
    resource = patients.merged(found.current, visit.patient.resource, latest=latest)
    return _put(context, f"Patient/{identity}", resource), ()


async def _disappeared(
    context: Context,
    transaction: Transaction,
    before: record.Previous | None,
    made: Mapping[str, Change],
) -> list[Change]:
    """Mark what the submission before had and this one has not."""
    gone = [] if before is None else [one for one in before.targets if one not in made]
    changes = []
    for reference in gone:
        type_, _, identity = reference.partition("/")
        stored = await transaction.read(type_, identity)
        if stored is not None and stored.body is not None:
            resource = record.entered_in_error(json.parse_object(stored.body))
            changes.append(_put(context, reference, resource))
    return changes


def _put(context: Context, reference: str, resource: dict[str, Any]) -> Change:
    type_, _, identity = reference.partition("/")
    return change(context, type_, identity, checked(context, type_, resource), method="update")


def _reference(visit: Visit, draft: Draft) -> str:
    identity = draft_id(visit.facility, visit.ma_lk, draft.key)
    return f"{draft.resource['resourceType']}/{identity}"


def _summary(visit: Visit, committed: Sequence[Stored], told: Told) -> Issue:
    """Say in one line what became of the visit."""
    new = [one for one in committed if one.changed and one.method == "create"]
    changed = [one for one in committed if one.changed and one.method != "create"]
    same = len(committed) - len(new) - len(changed)
    listed = ", ".join(f"{one.type}/{one.id} version {one.version}" for one in changed)
    what = "kept beside the newer one" if told.late else "stored"
    line = f"MA_LK {visit.ma_lk}: {what}; {len(new)} created, {len(changed)} changed, {same} as before."
    if listed:
        line += f" Changed: {listed}."
    if visit.not_mapped:
        line += f" Kept in the raw file only: {', '.join(visit.not_mapped)}."
    return _note(line)


def _note(text: str) -> Issue:
    return Issue("informational", text, severity="information")
