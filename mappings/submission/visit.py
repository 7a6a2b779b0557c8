"""One visit into the database, in one transaction: every resource of it, or nothing.

A visit is (MA_CSKCB, MA_LK). Ids of its resources are made from that key, so a re-submission
updates the same resources; what disappeared is marked entered-in-error; an older submission that
arrives late changes nothing. A facility's client changes only what its own submissions made: a
Patient of others is referred to, papers of others are marked as used.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from msgspec import structs

from fhir_server.access.facilities import own
from fhir_server.fhir import json
from fhir_server.fhir.errors import Issue
from fhir_server.fhir.reference import Renamed, rewrite, rewritten
from fhir_server.interactions.context import Context
from fhir_server.interactions.write import change, checked, of_the_server
from fhir_server.store.documents import Change, Stored
from fhir_server.store.transact import Transaction
from mappings.mapping import ENCOUNTER, PATIENT, Draft, Visit, draft_id, draft_url
from mappings.quality.facts import Quality, facts_of
from mappings.submission import papers, patients, record, review
from mappings.submission.demographics import merged
from mappings.submission.facility import owned, right
from mappings.submission.parties import made_for, resolve
from mappings.submission.raw import RawFile, binary_changes


@dataclass(slots=True)
class Told:
    """What the answer will say of this visit, filled anew each time the plan runs."""

    issues: list[Issue]
    late: bool = False


async def store(context: Context, raw: RawFile, visit: Visit, quality: Quality) -> Sequence[Issue]:
    """Commit the visit; give the issues of the answer: warnings, and which versions changed.

    Raises Unprocessable or Invalid for resources that are not well made, and what the store raises.
    """
    told = Told([])
    ready = await _ready(context, visit)

    async def plan(transaction: Transaction) -> Sequence[Change]:
        told.issues, told.late = list(visit.issues), False
        return await _changes(context, transaction, raw, ready, told=told, quality=quality)

    committed = await context.store.transact(right(context), plan)
    return (*told.issues, _summary(visit, committed, told))


@dataclass(frozen=True, slots=True)
class Ready:
    """A visit whose own resources are checked: the plan, which only changes ids, may run often.

    `patient` is the id of its Patient, if that is new. `names` says by draft URL what each is
    called where nobody is known by another id; `resources`, by `Type/id`, are the visit's own.
    """

    visit: Visit
    patient: str
    names: Mapping[str, str]
    resources: Mapping[str, dict[str, Any]]

    def called(self, names: Mapping[str, str]) -> dict[str, dict[str, Any]]:
        """Give the visit's own resources where those of some draft URLs are called by `names`."""
        moved = {self.names[url]: name for url, name in names.items() if self.names[url] != name}
        renamed = Renamed(moved.get)
        return {reference: rewritten(one, renamed) for reference, one in self.resources.items()}


async def _ready(context: Context, visit: Visit) -> Ready:
    """Name and check the visit's own resources; Unprocessable where one is not well made."""
    patient = context.new_id()
    names = {_url(visit, PATIENT): f"{PATIENT}/{patient}"}
    names |= {_url(visit, one.key): made_for(one) for one in visit.organizations}
    names |= {_url(visit, one.key): made_for(one) for one in visit.practitioners}
    names |= {_url(visit, one.key): _reference(visit, one) for one in visit.drafts}
    renamed = Renamed(names.get)
    resources = {_reference(visit, one): rewritten(one.resource, renamed) for one in visit.drafts}
    for resource in resources.values():
        await checked(context, resource["resourceType"], resource)
    return Ready(visit, patient, names, resources)


async def _changes(
    context: Context,
    transaction: Transaction,
    raw: RawFile,
    ready: Ready,
    *,
    told: Told,
    quality: Quality,
) -> Sequence[Change]:
    visit = ready.visit
    kept = await binary_changes(context, transaction, raw)
    before = await record.previous(transaction, visit)
    if before and before.created > raw.creation:
        told.late = True
        told.issues.append(
            note(
                f"This file is of {raw.creation}; one of {before.created} is stored already. "
                "It is kept, and the visit stays as it is."
            )
        )
        return (*kept, *await record.late(context, transaction, raw, visit, before))
    if before and before.holds(raw):
        told.issues.append(note("This very file was stored before."))
    elif before and before.created == raw.creation:
        told.issues.append(note("A file of the same day was here before; the later arrival wins."))
    changes = await _visit_changes(
        context, transaction, raw, ready, told=told, quality=quality, before=before
    )
    return (*kept, *changes)


async def _visit_changes(
    context: Context,
    transaction: Transaction,
    raw: RawFile,
    ready: Ready,
    *,
    told: Told,
    quality: Quality,
    before: record.Previous | None,
) -> Sequence[Change]:
    visit = ready.visit
    names, parties = await resolve(context, transaction, visit)
    shared = dict.fromkeys(names.values())
    person = replace(visit.patient, resource=rewrite(visit.patient.resource, names))
    known, whole, people = await _patient(
        context, transaction, replace(visit, patient=person), ready.patient, told
    )
    subject = f"{PATIENT}/{known}"
    drafts = ready.called({**names, _url(visit, PATIENT): subject})
    resources = {**drafts, **await _disappeared(context, transaction, before, drafts)}
    noted = quality.noted(
        context,
        [whole, *resources.values()],
        warnings=sum(issue.severity == "warning" for issue in visit.issues),
        before=facts_of(before.document) if before else None,
    )
    made = (subject, *resources, *shared)
    tied = await papers.tied(transaction, subject, resources)
    resources |= {name: one for name, one in tied.items() if name in resources}
    used = [
        of_the_server(_update(context, visit, name, one))
        for name, one in tied.items()
        if name not in resources
    ]
    resources |= record.of(
        context,
        raw,
        visit,
        before=before,
        made=made,
        sender=_sender(visit, names),
        quality=noted,
        period=visit.drafts[0].resource.get("period", {}),
    )
    puts = [
        _update(context, visit, reference, dict(one))
        if one is drafts.get(reference)
        else await _put(context, visit, reference, one)
        for reference, one in resources.items()
    ]
    if before is None:
        puts = [structs.replace(one, unheard=True) for one in puts]
    return (*people, *parties, *puts, *used)


def _sender(visit: Visit, names: Mapping[str, str]) -> dict[str, Any]:
    """Give the reference to the sending facility, which its code finds too."""
    facility = visit.organizations[0]
    known = facility.resource["identifier"][0]
    return {"reference": names[_url(visit, facility.key)], "identifier": known}


async def _patient(
    context: Context, transaction: Transaction, visit: Visit, new_id: str, told: Told
) -> tuple[str, dict[str, Any], Sequence[Change]]:
    """Give the id of the visit's Patient, what is told of the person, and what is to be written.

    A new one gets `new_id`. Where there is doubt that is a provisional Patient and a review Task;
    where the Patient is not this facility's to change, a Task where the file says something else.
    """
    found = await patients.match(transaction, visit.patient)
    if found.doubts:
        identity, changes, text = await review.provisional(context, transaction, visit, found)
        told.issues.append(note(text))
        return identity, visit.patient.resource, changes
    await patients.lock(transaction, visit.patient, found.current)
    identity = found.id or new_id
    resource = visit.patient.resource
    if found.current is None:
        new = await _put(context, visit, f"{PATIENT}/{identity}", resource)
        return identity, resource, (structs.replace(new, must_not_exist=True),)
    encounter = draft_id(visit.facility, visit.ma_lk, ENCOUNTER)
    asked = (transaction, identity, encounter, visit.start)
    if identity not in await owned(context, transaction, PATIENT, (identity,)):
        latest = await patients.is_latest(*asked)
        told.issues.append(note(review.LEFT))
        changes = await review.differing(context, transaction, visit, found.current, latest=latest)
        return identity, resource, changes
    latest = await patients.is_latest(*asked, own(context.caller))
    resource = merged(found.current, resource, latest=latest)
    return identity, resource, (await _put(context, visit, f"{PATIENT}/{identity}", resource),)


async def _disappeared(
    context: Context,
    transaction: Transaction,
    before: record.Previous | None,
    made: Collection[str],
) -> dict[str, dict[str, Any]]:
    """Give, marked entered-in-error, what the submission before had and this one has not.

    What the Provenance names beside, such as another facility's resource, is left alone.
    """
    gone: dict[str, dict[str, Any]] = {}
    for reference in before.own if before else ():
        if reference not in made:
            type_, _, identity = reference.partition("/")
            stored = await transaction.read(type_, identity)
            if stored and await owned(context, transaction, type_, (identity,)):
                gone[reference] = record.entered_in_error(json.parse_object(stored.body or b"{}"))
    return gone


async def _put(context: Context, visit: Visit, reference: str, resource: dict[str, Any]) -> Change:
    """Give the Change that stores a well-made resource at `Type/id`; Unprocessable if it is not."""
    type_ = reference.partition("/")[0]
    return _update(context, visit, reference, await checked(context, type_, dict(resource)))


def _update(context: Context, visit: Visit, reference: str, resource: dict[str, Any]) -> Change:
    type_, _, identity = reference.partition("/")
    return change(context, type_, identity, resource, method="update", owner=visit.facility)


def note(text: str) -> Issue:
    """Give an issue that only informs."""
    return Issue("informational", text, severity="information")


def _url(visit: Visit, key: str) -> str:
    return draft_url(visit.facility, visit.ma_lk, key)


def _reference(visit: Visit, draft: Draft) -> str:
    identity = draft_id(visit.facility, visit.ma_lk, draft.key)
    return f"{draft.resource['resourceType']}/{identity}"


def _summary(visit: Visit, committed: Sequence[Stored], told: Told) -> Issue:
    """Say in one line what became of the visit."""
    new = [one for one in committed if one.created]
    changed = [one for one in committed if one.changed and not one.created]
    what = "kept beside the newer one" if told.late else "stored"
    line = f"MA_LK {visit.ma_lk}: {what}; "
    line += f"{len(new)} created, {len(changed)} changed, all else as before."
    if changed:
        listed = ", ".join(f"{one.type}/{one.id} version {one.version}" for one in changed)
        line += f" Changed: {listed}."
    if visit.not_mapped:
        line += f" Kept in the raw file only: {', '.join(visit.not_mapped)}."
    return note(line)
