"""The operation `POST /fhir/Patient/$merge`: two records of one person become one, in one commit.

The shape follows R5, https://hl7.org/fhir/R5/patient-operation-merge.html
"""

from collections.abc import Iterable, Sequence
from functools import partial

from fhir_server.fhir import json
from fhir_server.fhir.errors import Issue, Unprocessable
from fhir_server.fhir.exchange import FhirRequest, FhirResponse
from fhir_server.fhir.outcome import operation_outcome
from fhir_server.fhir.reference import rewrite
from fhir_server.interactions.context import Context, Target
from fhir_server.interactions.operation import Operation
from fhir_server.interactions.write import built, change
from fhir_server.operations import lineage, persons
from fhir_server.operations.inputs import inputs, referred
from fhir_server.operations.persons import PATIENT, Patient
from fhir_server.search.condition import AnyOf
from fhir_server.search.index import PATIENT_FIELD
from fhir_server.store.documents import Change, Stored
from fhir_server.store.transact import Transaction

Pair = tuple[Stored, Patient]

MAX_RESOURCES = 2_000

_INPUTS = {
    "source-patient": "valueReference",
    "target-patient": "valueReference",
    "preview": "valueBoolean",
}
# The patients themselves are linked; what an audit event says happened is never rewritten.
_LEFT_ALONE = (PATIENT, lineage.AUDIT)


async def merge(context: Context, request: FhirRequest, _: Target) -> FhirResponse:
    """Merge `source-patient` into `target-patient`; with `preview` tell what would be, only.

    Answers with Parameters: outcome, result (the target) and merge (what `$unmerge` takes).
    Raises Invalid for unreadable parameters and Unprocessable where the two cannot be merged.
    """
    given = inputs(context, request, _INPUTS)
    source = referred(context, given, "source-patient", PATIENT)
    target = referred(context, given, "target-patient", PATIENT)
    preview: bool = given.get("preview", False)
    context.allow("$merge", PATIENT)
    if source == target:
        raise Unprocessable(f"{PATIENT}/{source} cannot be merged into itself.", code="invariant")
    identity = context.new_id()
    types = await _types(context)
    planned: list[Change] = []

    async def plan(transaction: Transaction) -> Sequence[Change]:
        planned[:] = await _changes(context, transaction, types, (source, target), identity)
        return () if preview else planned

    await context.store.transact(partial(context.allow, "$merge"), plan)
    kept = next(one for one in planned if (one.type, one.id) == (PATIENT, target))
    return _answer(kept.resource or {}, planned, "" if preview else identity)


async def _types(context: Context) -> list[str]:
    """Give the types whose resources may be in a patient's compartment, and of which there are."""
    there = await context.store.collections()
    compartment = context.spec.compartment(PATIENT)
    return sorted(type_ for type_ in compartment if type_ in there and type_ not in _LEFT_ALONE)


async def _changes(
    context: Context,
    transaction: Transaction,
    types: Iterable[str],
    ids: tuple[str, str],
    identity: str,
) -> list[Change]:
    """Give every Change of the merge, in the transaction's snapshot."""
    source, target = (f"{PATIENT}/{one}" for one in ids)
    source_row, old = await persons.locked(transaction, ids[0])
    target_row, new = await persons.locked(transaction, ids[1])
    for reference, patient in ((source, old), (target, new)):
        if into := persons.merged_into(context, patient):
            told = f"{reference} is merged into {into} already."
            raise Unprocessable(told, code="business-rule")
    moved = await _moved(context, transaction, types, source, target)
    pairs = [
        (source_row, persons.replaced(old, target)),
        (target_row, persons.survivor(new, source, persons.lacking(new, old))),
        *moved,
    ]
    made = [lineage.versioned(row.type, row.id, row.version + 1) for row, _ in pairs]
    return [
        *(update(context, row, resource) for row, resource in pairs),
        *lineage.record(context, "merge", identity, (source_row, target_row), made),
    ]


async def _moved(
    context: Context, transaction: Transaction, types: Iterable[str], source: str, target: str
) -> list[Pair]:
    """Give what is in the source's compartment and names it, with what it will say instead."""
    held = AnyOf(f"x.{PATIENT_FIELD}", (source.removeprefix(f"{PATIENT}/"),))
    found: list[Pair] = []
    left = MAX_RESOURCES
    for type_ in types:
        rows = await transaction.search(type_, held, left + 1)
        left -= len(rows)
        if left < 0:
            told = f"More than {MAX_RESOURCES} resources are about {source}; none was changed."
            raise Unprocessable(told, code="too-costly")
        for row in rows:
            resource = json.parse_object(row.body or b"{}")
            renamed = rename(context, resource, source, target)
            if renamed != resource:
                found.append((row, renamed))
    return found


def rename(context: Context, resource: Patient, source: str, target: str) -> Patient:
    """Give the resource with every reference to `source` pointing at `target`, versions aside."""
    base = context.base_url
    return rewrite(resource, {source: target, f"{base}/{source}": f"{base}/{target}"})


def update(context: Context, row: Stored, resource: Patient) -> Change:
    """Give the Change that puts this resource in the place of a stored one."""
    return change(context, row.type, row.id, built(context, row.type, resource), method="update")


def _answer(result: Patient, planned: Sequence[Change], identity: str) -> FhirResponse:
    # Two patients, an audit event and a provenance are not what was moved.
    verb = "now name" if identity else "would name"
    told = f"{len(planned) - 4} resources of the source {verb} the target."
    issue = Issue("informational", told, severity="information")
    parameters = [
        {"name": "outcome", "resource": operation_outcome((issue,))},
        {"name": "result", "resource": result},
    ]
    if identity:
        merged = {"reference": f"{lineage.PROVENANCE}/{identity}"}
        parameters.append({"name": "merge", "valueReference": merged})
    return FhirResponse(200, json.dump({"resourceType": "Parameters", "parameter": parameters}))


OPERATION = Operation(
    name="merge",
    level="type",
    handler=merge,
    definition="http://fhir-server.vn/OperationDefinition/patient-merge",
    types=(PATIENT,),
    affects_state=True,
    documentation="Merges one Patient into another; $unmerge takes it back.",
)
