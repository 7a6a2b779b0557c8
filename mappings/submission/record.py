"""What is remembered of a submission: DocumentReference (the file) and Provenance (what of it).

https://hl7.org/fhir/R4/provenance.html
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fhir_server.fhir import dates, json
from fhir_server.fhir.reference import parse
from fhir_server.interactions.context import Context
from fhir_server.interactions.write import change
from fhir_server.store.documents import Change
from fhir_server.store.transact import Transaction
from mappings.mapping import ENCOUNTER, Visit, draft_id, named_id
from mappings.submission.raw import RawFile

DOCUMENT, PROVENANCE = "DocumentReference", "Provenance"

# https://hl7.org/fhir/R4/condition.html#Condition.verificationStatus
_VERIFICATION = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
# https://hl7.org/fhir/R4/valueset-provenance-agent-type.html
_SENDER = {
    "system": "http://terminology.hl7.org/CodeSystem/provenance-participant-type",
    "code": "author",
    "display": "Author",
}
# Shared with other visits: a visit that no longer names them says nothing about them.
_SHARED = ("Patient/", "Practitioner/", "Organization/")
# What two files of one visit have in common.
_ABOUT = ("subject", "author", "context")


@dataclass(frozen=True, slots=True)
class Previous:
    """The submission stored before: its DocumentReference, and what its Provenance is about."""

    document: dict[str, Any]
    targets: tuple[str, ...]

    @property
    def created(self) -> str:
        """Its NGAYLAP as a FHIR date; empty where somebody took it out of the record."""
        text: str = self._attachment.get("creation", "")
        return text

    @property
    def own(self) -> tuple[str, ...]:
        """The resources of the visit alone, as `Type/id`."""
        return tuple(
            text
            for text in self.targets
            if parse(text).kind == "relative" and not text.startswith(_SHARED)
        )

    def holds(self, raw: RawFile) -> bool:
        """Say whether it was this very file."""
        return bool(self._attachment.get("url") == f"Binary/{raw.sha256}")

    @property
    def _attachment(self) -> dict[str, Any]:
        found: dict[str, Any] = self.document["content"][0]["attachment"]
        return found


async def previous(transaction: Transaction, visit: Visit) -> Previous | None:
    """Give what is stored of this visit already."""
    document = await transaction.read(DOCUMENT, _id(visit, DOCUMENT))
    if document is None:
        return None
    provenance = await transaction.read(PROVENANCE, _id(visit, PROVENANCE))
    told = json.parse_object(provenance.body or b"{}") if provenance else {}
    targets = tuple(one.get("reference", "") for one in told.get("target", ()))
    return Previous(json.parse_object(document.body or b"{}"), targets)


def of(
    context: Context,
    raw: RawFile,
    visit: Visit,
    *,
    before: Previous | None,
    made: Sequence[str],
    sender: dict[str, Any],
    quality: dict[str, Any],
    period: dict[str, Any],
) -> dict[str, dict[str, Any]]:
    """Give the DocumentReference and the Provenance of this submission, by reference.

    `made` is all that came of it as `Type/id`, the Patient first; `sender` refers to the facility's
    Organization, `quality` is what is noted of how good the file is, `period` the visit's. A file
    sent again keeps the time of its first arrival.
    """
    now = dates.instant(context.now())
    noted = [quality]
    if before and before.holds(raw):
        now = before.document.get("date", now)
        noted = before.document.get("extension", noted)
    document = f"{DOCUMENT}/{_id(visit, DOCUMENT)}"
    file = {
        **raw.reference(),
        "extension": noted,
        "subject": {"reference": made[0]},
        "date": now,
        "author": [sender],
        "context": {
            "encounter": [{"reference": f"{ENCOUNTER}/{_id(visit, ENCOUNTER)}"}],
            "period": period,
        },
    }
    if visit.not_mapped:
        file["description"] = f"Not mapped, in the file only: {', '.join(visit.not_mapped)}"
    provenance = {
        "resourceType": PROVENANCE,
        "target": [{"reference": one} for one in made],
        "recorded": now,
        "agent": [{"type": {"coding": [_SENDER]}, "who": sender}],
        "entity": [{"role": "source", "what": {"reference": document}}],
    }
    return {document: file, f"{PROVENANCE}/{_id(visit, PROVENANCE)}": provenance}


async def late(
    context: Context, transaction: Transaction, raw: RawFile, visit: Visit, before: Previous
) -> tuple[Change, ...]:
    """Give the Change that keeps an older file beside the newer one, as superseded; once."""
    name = f"late/{visit.facility}/{visit.ma_lk}/{raw.sha256}"
    identity = named_id(name)
    if await transaction.read(DOCUMENT, identity) is not None:
        return ()
    resource = {
        **raw.reference(),
        "status": "superseded",
        "date": dates.instant(context.now()),
        **{name: before.document[name] for name in _ABOUT if name in before.document},
    }
    owner = visit.facility
    return (change(context, DOCUMENT, identity, resource, method="create", owner=owner),)


def entered_in_error(resource: dict[str, Any]) -> dict[str, Any]:
    """Give the resource marked as never having been true; a Condition says so in its own way.

    A Condition entered in error has no clinicalStatus (con-5).
    https://hl7.org/fhir/R4/lifecycle.html
    """
    if resource["resourceType"] == "Condition":
        coding = {"system": _VERIFICATION, "code": "entered-in-error"}
        kept = {name: value for name, value in resource.items() if name != "clinicalStatus"}
        return {**kept, "verificationStatus": {"coding": [coding]}}
    found = {**resource, "status": "entered-in-error"}
    if resource["resourceType"] == "Appointment":
        asked = resource.get("requestedPeriod", [{}])[0].get("start", "")
        return appointed(found, asked)
    return found


def appointed(appointment: dict[str, Any], time: str) -> dict[str, Any]:
    """Give an Appointment that is no proposal: it must have a start and an end (app-3).

    A slip that names a day only gets `time`, a dateTime, or the beginning of that day.
    """
    start = time if "T" in time else f"{time}T00:00:00+07:00"
    # A day that is not known to the day has no beginning.
    if "start" in appointment or len(start) < len("2025-09-01T00:00:00+07:00"):
        return appointment
    return {**appointment, "start": start, "end": start}


def _id(visit: Visit, key: str) -> str:
    return draft_id(visit.facility, visit.ma_lk, key)
