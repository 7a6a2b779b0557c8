"""What is remembered of a submission: DocumentReference (the file) and Provenance (what of it).

https://hl7.org/fhir/R4/provenance.html
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fhir_server.fhir import dates, json
from fhir_server.interactions.context import Context
from fhir_server.interactions.write import change
from fhir_server.store.documents import Change
from fhir_server.store.transact import Transaction
from mappings.decision_4750.visit import Visit, draft_id
from mappings.submission.raw import RawFile
from mappings.terms.identifiers import facility_identifier

# https://hl7.org/fhir/R4/condition.html#Condition.verificationStatus
_VERIFICATION = "http://terminology.hl7.org/CodeSystem/condition-ver-status"


@dataclass(frozen=True, slots=True)
class Previous:
    """The submission stored before: its NGAYLAP as a FHIR date, what it made, whose it is."""

    created: str
    targets: tuple[str, ...]
    subject: dict[str, Any]


async def previous(transaction: Transaction, visit: Visit) -> Previous | None:
    """Give what is stored of this visit already."""
    document = await transaction.read("DocumentReference", _id(visit, "DocumentReference"))
    if document is None or document.body is None:
        return None
    told = json.parse_object(document.body)
    provenance = await transaction.read("Provenance", _id(visit, "Provenance"))
    targets = json.parse_object(provenance.body or b"{}") if provenance else {}
    return Previous(
        told["content"][0]["attachment"]["creation"],
        tuple(one["reference"] for one in targets.get("target", ())),
        told.get("subject", {}),
    )


def of(
    context: Context, raw: RawFile, visit: Visit, patient: str, made: Sequence[str]
) -> dict[str, dict[str, Any]]:
    """Give the DocumentReference and the Provenance of this submission, by reference."""
    now = dates.instant(context.now())
    document = f"DocumentReference/{_id(visit, 'DocumentReference')}"
    encounter = f"Encounter/{_id(visit, 'Encounter')}"
    file = {
        **raw.reference(),
        "subject": {"reference": f"Patient/{patient}"},
        "date": now,
        "context": {"encounter": [{"reference": encounter}]},
    }
    if visit.not_mapped:
        file["description"] = f"Not mapped, in the file only: {', '.join(visit.not_mapped)}"
    provenance = {
        "resourceType": "Provenance",
        "target": [{"reference": one} for one in (f"Patient/{patient}", *made)],
        "recorded": now,
        "agent": [{"who": {"identifier": facility_identifier(visit.facility)}}],
        "entity": [{"role": "source", "what": {"reference": document}}],
    }
    return {document: file, f"Provenance/{_id(visit, 'Provenance')}": provenance}


def late(context: Context, raw: RawFile, visit: Visit, before: Previous) -> Change:
    """Give the Change that keeps an older file beside the newer one, as superseded."""
    name = f"late/{visit.facility}/{visit.ma_lk}/{raw.sha256}"
    resource = {
        **raw.reference(),
        "status": "superseded",
        "subject": before.subject,
        "date": dates.instant(context.now()),
    }
    identity = str(uuid.uuid5(uuid.NAMESPACE_URL, name))
    return change(context, "DocumentReference", identity, resource, method="update")


def entered_in_error(resource: dict[str, Any]) -> dict[str, Any]:
    """Give the resource marked as never having been true."""
    if resource["resourceType"] == "Condition":
        coding = {"system": _VERIFICATION, "code": "entered-in-error"}
        kept = {name: value for name, value in resource.items() if name != "clinicalStatus"}
        return {**kept, "verificationStatus": {"coding": [coding]}}
    if resource["resourceType"] in ("Patient", "Provenance"):
        return resource
    return {**resource, "status": "entered-in-error"}


def _id(visit: Visit, key: str) -> str:
    return draft_id(visit.facility, visit.ma_lk, key)
