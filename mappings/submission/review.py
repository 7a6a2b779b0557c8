"""Doubt about who a patient is: a provisional Patient, and a Task that asks a person."""

from collections.abc import Sequence
from typing import Any

from fhir_server.fhir import dates
from fhir_server.interactions.context import Context
from fhir_server.interactions.write import change, checked
from fhir_server.store.documents import Change
from fhir_server.store.transact import Transaction
from mappings.decision_4750.visit import Visit, draft_id
from mappings.submission.patients import PROVISIONAL, Match, follow

_CODES = "http://fhir-server.vn/CodeSystem/review"


async def provisional(
    context: Context, transaction: Transaction, visit: Visit, found: Match
) -> tuple[Change, Sequence[Change]]:
    """Give the provisional Patient of this visit and its Task; where it was merged, the survivor.

    Their ids are made from the visit's key: a re-submission finds the same two.
    """
    identity = draft_id(visit.facility, visit.ma_lk, "Patient")
    stored = await transaction.read("Patient", identity)
    if stored is not None:
        survivor = await follow(transaction, stored)
        if survivor is not None and survivor["id"] != identity:
            unchanged = change(context, "Patient", survivor["id"], survivor, method="update")
            return unchanged, ()
    resource = {**visit.patient.resource, "meta": {"tag": [PROVISIONAL]}}
    patient = change(
        context, "Patient", identity, checked(context, "Patient", resource), method="update"
    )
    if stored is not None:
        return patient, ()
    return patient, (_task(context, visit, identity, found),)


def _task(context: Context, visit: Visit, identity: str, found: Match) -> Change:
    resource: dict[str, Any] = {
        "resourceType": "Task",
        "status": "requested",
        "intent": "order",
        "code": {"coding": [{"system": _CODES, "code": "patient-match"}]},
        "description": " ".join(found.doubts),
        "focus": {"reference": f"Patient/{identity}"},
        "for": {"reference": f"Patient/{identity}"},
        "authoredOn": dates.instant(context.now()),
        "input": [
            {"type": {"text": "candidate"}, "valueReference": {"reference": f"Patient/{one}"}}
            for one in found.candidates
        ],
    }
    name = draft_id(visit.facility, visit.ma_lk, "Task")
    return change(context, "Task", name, checked(context, "Task", resource), method="update")
