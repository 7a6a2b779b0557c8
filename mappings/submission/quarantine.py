"""Quarantine: a refused HOSO's file is kept with the outcome that says why."""

from collections.abc import Sequence
from typing import Any

from fhir_server.fhir import dates, json
from fhir_server.fhir.errors import Issue
from fhir_server.fhir.outcome import operation_outcome
from fhir_server.interactions.context import Context
from fhir_server.interactions.write import change
from fhir_server.store.documents import Change
from fhir_server.store.transact import Transaction
from mappings.decision_4750.envelope import Hoso
from mappings.mapping import named_id
from mappings.submission.facility import right
from mappings.submission.raw import RawFile, binary_changes
from mappings.terms.identifiers import Systems, facility_identifier

TAG = {
    "system": "http://fhir-server.vn/CodeSystem/submission-status",
    "code": "quarantined",
    "display": "Refused, kept for correction",
}
_LONGEST = 100


async def keep(
    context: Context, raw: RawFile, hoso: Hoso, issues: Sequence[Issue], systems: Systems
) -> None:
    """Store the file, and the DocumentReference of the HOSO that was refused; again only once."""
    name = named_id(f"quarantine/{raw.sha256}/{hoso.index}")
    resource = {
        **raw.reference(),
        "meta": {"profile": [raw.profile], "tag": [TAG]},
        "contained": [{**operation_outcome(issues), "id": "outcome"}],
        "date": dates.instant(context.now()),
        "author": [{"identifier": facility_identifier(raw.facility, systems)}],
        "description": f"HOSO {hoso.index + 1}, MA_LK {hoso.ma_lk[:_LONGEST] or 'unreadable'}, "
        f"of an envelope of facility {raw.facility} was refused.",
        "context": {"related": [{"reference": "#outcome"}]},
    }

    async def plan(transaction: Transaction) -> Sequence[Change]:
        kept = await binary_changes(context, transaction, raw)
        before = await transaction.read("DocumentReference", name)
        known: dict[str, Any] = json.parse_object(before.body or b"{}") if before else {}
        if known.get("contained") == resource["contained"]:
            return kept
        document = change(
            context, "DocumentReference", name, resource, method="update", owner=raw.facility
        )
        return (*kept, document)

    await context.store.transact(right(context), plan)
