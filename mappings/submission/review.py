"""Doubt about who a patient is: a provisional Patient, and a Task that asks a person."""

from collections.abc import Sequence
from typing import Any

from fhir_server.fhir import dates
from fhir_server.interactions.context import Context
from fhir_server.interactions.write import change, checked
from fhir_server.store.documents import Change
from fhir_server.store.transact import Transaction
from mappings.mapping import PATIENT, Visit, draft_id
from mappings.submission.patients import PROVISIONAL, Match, follow

_CODES = "http://fhir-server.vn/CodeSystem/review"


async def provisional(
    context: Context, transaction: Transaction, visit: Visit, found: Match
) -> tuple[Change, Sequence[Change], str]:
    """Give the provisional Patient of this visit, its Task if new, and what to tell the sender.

    Their ids are made from the visit's key: a re-submission finds the same two. Where the
    provisional Patient was merged since, the survivor is given as it is.
    """
    identity = draft_id(visit.facility, visit.ma_lk, PATIENT)
    doubts = " ".join(found.doubts)
    stored = await transaction.read(PATIENT, identity)
    if stored is not None:
        await transaction.lock(f"{PATIENT}/{identity}")
        survivor = await follow(transaction, stored)
        if survivor is not None and survivor["id"] != identity:
            same = change(context, PATIENT, survivor["id"], survivor, method="update")
            told = f"The patient was reviewed: it is {PATIENT}/{survivor['id']}, left as it is."
            return same, (), told
    meta = {**visit.patient.resource.get("meta", {}), "tag": [PROVISIONAL]}
    resource = {**visit.patient.resource, "meta": meta}
    await checked(context, PATIENT, resource)
    patient = change(context, PATIENT, identity, resource, method="update")
    told = f"The patient is kept as a provisional one until reviewed: {doubts}"
    return patient, () if stored else (await _task(context, visit, identity, found),), told


async def _task(context: Context, visit: Visit, identity: str, found: Match) -> Change:
    resource: dict[str, Any] = {
        "resourceType": "Task",
        "status": "requested",
        "intent": "order",
        "code": {"coding": [{"system": _CODES, "code": "patient-match"}]},
        "description": " ".join(found.doubts),
        "focus": {"reference": f"{PATIENT}/{identity}"},
        "for": {"reference": f"{PATIENT}/{identity}"},
        "authoredOn": dates.instant(context.now()),
        "input": [
            {"type": {"text": "candidate"}, "valueReference": {"reference": f"{PATIENT}/{one}"}}
            for one in found.candidates
        ],
    }
    name = draft_id(visit.facility, visit.ma_lk, "Task")
    await checked(context, "Task", resource)
    return change(context, "Task", name, resource, method="update")
