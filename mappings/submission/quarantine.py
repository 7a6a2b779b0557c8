"""Quarantine: a refused HOSO's file is kept with the outcome that says why."""

import uuid
from collections.abc import Sequence
from functools import partial

from fhir_server.fhir import dates
from fhir_server.fhir.errors import Issue
from fhir_server.fhir.outcome import operation_outcome
from fhir_server.interactions.context import Context
from fhir_server.interactions.write import change
from fhir_server.store.documents import Change
from fhir_server.store.transact import Transaction
from mappings.submission.raw import RawFile, binary_changes

TAG = {
    "system": "http://fhir-server.vn/CodeSystem/submission-status",
    "code": "quarantined",
    "display": "Refused, kept for correction",
}


async def keep(context: Context, raw: RawFile, index: int, issues: Sequence[Issue]) -> None:
    """Store the file and, without a subject, the DocumentReference of HOSO `index` refused."""
    name = uuid.uuid5(uuid.NAMESPACE_URL, f"quarantine/{raw.sha256}/{index}")
    outcome = {**operation_outcome(issues), "id": "outcome"}
    resource = {
        **raw.reference(),
        "meta": {"tag": [TAG]},
        "contained": [outcome],
        "date": dates.instant(context.now()),
        "description": f"HOSO {index + 1} of the envelope was refused.",
        "context": {"related": [{"reference": "#outcome"}]},
    }

    async def plan(transaction: Transaction) -> Sequence[Change]:
        document = change(context, "DocumentReference", str(name), resource, method="update")
        return (*await binary_changes(context, transaction, raw), document)

    await context.store.transact(partial(context.allow, "create"), plan)
