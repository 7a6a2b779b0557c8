"""Doubt about who a patient is: a provisional Patient, and a Task that asks a person.

A Patient that this facility may not change is left too, and a Task tells what its file says else.
"""

from collections.abc import Sequence
from typing import Any

from fhir_server.fhir import dates, json
from fhir_server.interactions.context import Context
from fhir_server.interactions.write import change, checked, of_the_server
from fhir_server.store.documents import Change
from fhir_server.store.transact import Transaction
from mappings.mapping import PATIENT, Visit, draft_id, named_id
from mappings.submission.demographics import merged
from mappings.submission.patients import PROVISIONAL, Match, follow
from mappings.submission.record import DOCUMENT

LEFT = (
    "The patient is known, and the record is not this facility's: it is left as it is. What this "
    "file says of the person is kept with the visit."
)
_CODES = "http://fhir-server.vn/CodeSystem/review"
_HOSPITALS_OWN = "MR"


async def provisional(
    context: Context, transaction: Transaction, visit: Visit, found: Match
) -> tuple[str, Sequence[Change], str]:
    """Give the id of this visit's provisional Patient, what to write, and what to tell the sender.

    A Task is written with a new one. The ids are made from the visit's key: a re-submission finds
    the same two. Where the provisional Patient was merged since, the survivor is left as it is.
    """
    identity = draft_id(visit.facility, visit.ma_lk, PATIENT)
    stored = await transaction.read(PATIENT, identity)
    if stored is not None:
        await transaction.lock(f"{PATIENT}/{identity}")
        survivor = await follow(transaction, stored)
        if survivor is not None and survivor["id"] != identity:
            told = f"The patient was reviewed: it is {PATIENT}/{survivor['id']}, left as it is."
            return survivor["id"], (), told
    meta = {**visit.patient.resource.get("meta", {}), "tag": [PROVISIONAL]}
    resource = {**visit.patient.resource, "meta": meta}
    await checked(context, PATIENT, resource)
    owner = visit.facility
    patient = change(context, PATIENT, identity, resource, method="update", owner=owner)
    told = f"The patient is kept as a provisional one until reviewed: {_told(context, found)}"
    tasks = () if stored else (await _match(context, visit, identity, found),)
    return identity, (patient, *tasks), told


def _told(context: Context, found: Match) -> str:
    """Say what the doubt is; to a facility's client not how the stored record differs."""
    if context.caller.facilities:
        return "A stored record has its numbers and says otherwise of the person."
    return " ".join(found.doubts)


async def differing(
    context: Context,
    transaction: Transaction,
    visit: Visit,
    current: dict[str, Any],
    *,
    latest: bool,
) -> Sequence[Change]:
    """Give the Task that tells what this visit's file says else of a Patient; once for each saying.

    A hospital's own number of the person is no such thing. The answer to the sender is the same
    whether there is one: what stands there is not told.
    """
    said = {**visit.patient.resource, "identifier": _others_numbers(visit.patient.resource)}
    after = merged(current, said, latest=latest)
    new = {name: value for name, value in after.items() if value != current.get(name)}
    if not new:
        return ()
    name = f"review/{visit.facility}/{current['id']}/{json.dump(new).decode()}"
    identity = named_id(name)
    if await transaction.read("Task", identity):
        return ()
    source = f"{DOCUMENT}/{draft_id(visit.facility, visit.ma_lk, DOCUMENT)}"
    told = f"A file of facility {visit.facility} says otherwise of: {', '.join(sorted(new))}."
    inputs = [{"type": {"text": "source"}, "valueReference": {"reference": source}}]
    return (await _task(context, identity, "patient-differs", told, (current["id"], inputs)),)


def _others_numbers(patient: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        one
        for one in patient.get("identifier", ())
        if _HOSPITALS_OWN
        not in (kind.get("code") for kind in one.get("type", {}).get("coding", ()))
    ]


async def _match(context: Context, visit: Visit, identity: str, found: Match) -> Change:
    inputs = [
        {"type": {"text": "candidate"}, "valueReference": {"reference": f"{PATIENT}/{one}"}}
        for one in found.candidates
    ]
    name = draft_id(visit.facility, visit.ma_lk, "Task")
    return await _task(context, name, "patient-match", " ".join(found.doubts), (identity, inputs))


async def _task(
    context: Context, name: str, code: str, told: str, about: tuple[str, list[dict[str, Any]]]
) -> Change:
    """Give a Task for a person, `about` (id of the Patient, inputs); nobody's to change."""
    identity, inputs = about
    resource: dict[str, Any] = {
        "resourceType": "Task",
        "status": "requested",
        "intent": "order",
        "code": {"coding": [{"system": _CODES, "code": code}]},
        "description": told,
        "focus": {"reference": f"{PATIENT}/{identity}"},
        "for": {"reference": f"{PATIENT}/{identity}"},
        "authoredOn": dates.instant(context.now()),
        "input": inputs,
    }
    await checked(context, "Task", resource)
    return of_the_server(change(context, "Task", name, resource, method="update"))
