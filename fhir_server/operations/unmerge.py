"""The operation `POST /fhir/Patient/$unmerge`: a merge is taken back, as far as it still stands."""

import asyncio
import uuid
from collections.abc import Mapping, Sequence
from functools import partial
from itertools import groupby
from operator import attrgetter
from typing import Any

from fhir_server.fhir import json
from fhir_server.fhir.errors import Issue, NotFound, Unprocessable
from fhir_server.fhir.exchange import FhirRequest, FhirResponse
from fhir_server.fhir.reference import Reference
from fhir_server.interactions import respond
from fhir_server.interactions.context import Context, Target
from fhir_server.interactions.operation import Operation
from fhir_server.interactions.respond import version_number
from fhir_server.operations import lineage, persons
from fhir_server.operations.inputs import inputs, referred
from fhir_server.operations.lineage import Lineage
from fhir_server.operations.merge import Pair, rename, update
from fhir_server.operations.persons import PATIENT
from fhir_server.search.condition import AnyOf
from fhir_server.store.documents import Change, Stored
from fhir_server.store.transact import Transaction

# What stood before the merge, by (type, id).
Before = Mapping[tuple[str, str], dict[str, Any]]

_AT_ONCE = 16


async def unmerge(context: Context, request: FhirRequest, _: Target) -> FhirResponse:
    """Take back `merge`, a reference to the Provenance or the AuditEvent of a `$merge`.

    Answers with an OperationOutcome: how much was restored, and a warning for each resource that
    was changed since and is left alone. Raises NotFound and Unprocessable.
    """
    given = inputs(context, request, {"merge": "valueReference"})
    identity = referred(context, given, "merge", lineage.PROVENANCE, lineage.AUDIT)
    context.allow("$unmerge", PATIENT)
    done = await _lineage(context, identity)
    before = await _before(context, done)
    undo = str(uuid.uuid5(uuid.NAMESPACE_URL, f"unmerge/{identity}"))
    told: list[Issue] = []

    async def plan(transaction: Transaction) -> Sequence[Change]:
        if await transaction.read(lineage.AUDIT, undo) is not None:
            raise Unprocessable("This merge was taken back already.", code="business-rule")
        patients = await _patients(context, transaction, done, before)
        moved, left = await _moved(context, transaction, done, before)
        pairs = [*patients, *moved]
        text = f"{len(moved)} resources name {PATIENT}/{done.source.id} again."
        told[:] = [Issue("informational", text, severity="information"), *left]
        made = [lineage.versioned(row.type, row.id, row.version + 1) for row, _ in pairs]
        rows = [row for row, _ in patients]
        return [
            *(update(context, row, resource) for row, resource in pairs),
            *lineage.record(context, "unmerge", undo, rows, made),
        ]

    await context.store.transact(partial(context.allow, "$unmerge"), plan)
    return FhirResponse(200, respond.outcome_body(told))


async def _lineage(context: Context, identity: str) -> Lineage:
    allow = context.allow("$unmerge", lineage.PROVENANCE)
    stored = await context.store.read(allow, lineage.PROVENANCE, identity)
    if stored is None or stored.body is None:
        raise NotFound(f"There is no merge {identity}.")
    found = lineage.read(_resource(stored))
    if found is None:
        raise Unprocessable(f"{lineage.PROVENANCE}/{identity} is not that of a merge.")
    return found


async def _before(context: Context, done: Lineage) -> Before:
    """Read every version the merge superseded; versions never change, so no snapshot is needed."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for start in range(0, len(done.made), _AT_ONCE):
        some = done.made[start : start + _AT_ONCE]
        rows = await asyncio.gather(*(_superseded(context, one) for one in some))
        found |= {(row.type, row.id): _resource(row) for row in rows if row and row.body}
    if not {(PATIENT, done.source.id), (PATIENT, done.target.id)} <= found.keys():
        raise Unprocessable("The patients as they were before this merge are not known any more.")
    return found


async def _superseded(context: Context, made: Reference) -> Stored | None:
    allow = context.allow("$unmerge", made.type)
    return await context.store.vread(allow, made.type, made.id, version_number(made.version) - 1)


async def _patients(
    context: Context, transaction: Transaction, done: Lineage, before: Before
) -> tuple[Pair, Pair]:
    """Give source and target with what the merge did to them undone, and nothing else."""
    source, target = (f"{PATIENT}/{one.id}" for one in (done.source, done.target))
    source_row, old = await persons.locked(transaction, done.source.id)
    target_row, new = await persons.locked(transaction, done.target.id)
    if persons.merged_into(context, old) != target:
        raise Unprocessable(f"{source} is not merged into {target} now.", code="business-rule")
    if into := persons.merged_into(context, new):
        told = f"{target} was itself merged into {into} since; take that back first."
        raise Unprocessable(told, code="business-rule")
    old_before, new_before = (before[PATIENT, one.id] for one in (done.source, done.target))
    got = persons.lacking(new_before, old_before)
    return (
        (source_row, persons.restored(context, old, old_before, target)),
        (target_row, persons.parted(context, new, source, got)),
    )


async def _moved(
    context: Context, transaction: Transaction, done: Lineage, before: Before
) -> tuple[list[Pair], list[Issue]]:
    """Give what still is as the merge left it, with what it said before; and tell of the others."""
    found: list[Pair] = []
    told: list[Issue] = []
    source, target = (f"{PATIENT}/{one.id}" for one in (done.source, done.target))
    others = sorted((one for one in done.made if one.type != PATIENT), key=attrgetter("type", "id"))
    for type_, group in groupby(others, key=attrgetter("type")):
        ids = tuple(one.id for one in group)
        rows = await transaction.search(type_, AnyOf("_id", ids), len(ids))
        now = {row.id: row for row in rows}
        for id_ in ids:
            row, old = now.get(id_), before.get((type_, id_))
            if row and old and _said(rename(context, old, source, target)) == _said(_resource(row)):
                found.append((row, old))
            else:
                text = f"{type_}/{id_} was changed after the merge and is left as it is."
                told.append(Issue("conflict", text, severity="warning"))
    return found, told


def _resource(row: Stored) -> dict[str, Any]:
    return json.parse_object(row.body or b"{}")


def _said(resource: dict[str, Any]) -> dict[str, Any]:
    """Give what a version says, without what the server says of it."""
    meta = resource.get("meta", {})
    more = {name: meta[name] for name in meta if name not in ("versionId", "lastUpdated")}
    return {**resource, "meta": more}


OPERATION = Operation(
    name="unmerge",
    level="type",
    handler=unmerge,
    definition="http://fhir-server.vn/OperationDefinition/patient-unmerge",
    types=(PATIENT,),
    affects_state=True,
    documentation="Takes back a $merge, as far as nothing was changed since.",
)
