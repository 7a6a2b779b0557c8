"""The operations `$purge` and `$purge-history`: a resource, or its past, is erased for good.

R4 leaves removing of history to the server: https://hl7.org/fhir/R4/http.html#delete
"""

from collections.abc import Iterable, Sequence
from functools import partial

from fhir_server.access.facilities import owners
from fhir_server.fhir import dates
from fhir_server.fhir.errors import Issue, NotFound, Unprocessable
from fhir_server.fhir.exchange import FhirRequest, FhirResponse
from fhir_server.interactions import respond
from fhir_server.interactions.context import Context, Target
from fhir_server.interactions.operation import Operation
from fhir_server.interactions.write import built, change, of_the_server
from fhir_server.operations.current import key
from fhir_server.operations.inputs import inputs
from fhir_server.operations.lineage import AUDIT, LIFECYCLE
from fhir_server.search.condition import AnyOf
from fhir_server.search.index import PATIENT_FIELD
from fhir_server.store.documents import Change
from fhir_server.store.transact import Transaction

MAX_RESOURCES = 2_000
PATIENT = "Patient"
_COUNT_MS = 2_000

Key = tuple[str, str]


async def purge(context: Context, request: FhirRequest, target: Target) -> FhirResponse:
    """Erase a resource with every version; of a Patient, with all that is about nobody else.

    Answers with an OperationOutcome. Raises NotFound, Conflict where a legal hold stands or
    something that stays refers to what would go, and Unprocessable (too-costly).
    """
    inputs(context, request, {})
    root = key(context, target)
    context.allow("$purge", root[0])
    types = await _types(context)
    await _bounded(context, types, root)
    found: list[Key] = []

    async def plan(transaction: Transaction) -> Sequence[Change]:
        await _known(transaction, root)
        found[:] = await _whole(context, transaction, types, root)
        may = owners(context.caller)
        erased = [Change(*one, "purge", integrity=True, owners=may) for one in found]
        return [*erased, _audit(context, "/".join(root), len(found))]

    await context.store.transact(partial(context.allow, "$purge"), plan)
    return _answer(f"{len(found)} resources were erased with every version.")


async def purge_history(context: Context, request: FhirRequest, target: Target) -> FhirResponse:
    """Erase every version of a resource but the last; a deletion stays as the last."""
    inputs(context, request, {})
    root = key(context, target)
    context.allow("$purge-history", root[0])

    async def plan(transaction: Transaction) -> Sequence[Change]:
        await _known(transaction, root)
        erased = Change(*root, "purge-history", owners=owners(context.caller))
        return [erased, _audit(context, "/".join((*root, "_history")), 1)]

    await context.store.transact(partial(context.allow, "$purge-history"), plan)
    return _answer("Every version but the last was erased.")


async def _types(context: Context) -> list[str]:
    return sorted(await context.store.collections() & set(context.spec.types))


async def _known(transaction: Transaction, root: Key) -> None:
    if await transaction.last_version(*root) is None:
        raise NotFound(f"{'/'.join(root)} is not known.")


async def _bounded(context: Context, types: Iterable[str], root: Key) -> None:
    """Raise Unprocessable, saying how many, for a compartment too large to erase at once."""
    if root[0] != PATIENT:
        return
    about = AnyOf(f"x.{PATIENT_FIELD}", (root[1],))
    counts = [
        await context.store.count(context.allow("$purge", type_), type_, about, _COUNT_MS)
        for type_ in _compartment(context, types)
    ]
    _few(sum(count or 0 for count in counts), root)


def _few(size: int, root: Key) -> None:
    if size > MAX_RESOURCES:
        told = f"{size} resources are about {'/'.join(root)}; at most {MAX_RESOURCES} go at once."
        raise Unprocessable(f"{told} Purge some of them one by one first.", code="too-costly")


def _compartment(context: Context, types: Iterable[str]) -> list[str]:
    """Give the types that go with a Patient; who looked at what is kept."""
    members = context.spec.compartment(PATIENT)
    return [type_ for type_ in types if type_ in members and type_ != AUDIT]


async def _whole(
    context: Context, transaction: Transaction, types: Iterable[str], root: Key
) -> list[Key]:
    """Give what goes with the root: of a Patient the compartment, as far as it is of no other."""
    if root[0] != PATIENT:
        return [root]
    about = AnyOf(f"x.{PATIENT_FIELD}", (root[1],))
    found = {root}
    for type_ in _compartment(context, types):
        allow = context.allow("$purge", type_)
        rows = await transaction.fields(allow, type_, about, (PATIENT_FIELD,), MAX_RESOURCES + 1)
        found |= {(type_, id_) for id_, row in rows.items() if row[PATIENT_FIELD] == [root[1]]}
        _few(len(found), root)
    found |= {
        (type_, id_)
        for type_, id_ in await transaction.deleted(about, MAX_RESOURCES + 1)
        if type_ != AUDIT
    }
    _few(len(found), root)
    return sorted(found)


def _audit(context: Context, name: str, size: int) -> Change:
    """Give the Change that remembers who erased what; it refers to nothing that is gone."""
    audit = {
        "resourceType": AUDIT,
        "type": {
            "system": "http://terminology.hl7.org/CodeSystem/audit-event-type",
            "code": "rest",
        },
        "subtype": [{"system": LIFECYCLE, "code": "destroy"}],
        "action": "D",
        "recorded": dates.instant(context.now()),
        "outcome": "0",
        "agent": [{"who": {"display": context.caller.name}, "requestor": True}],
        "source": {"observer": {"display": context.base_url}},
        "entity": [
            {"name": name, "detail": [{"type": "resources erased", "valueString": str(size)}]}
        ],
    }
    whole = built(context, AUDIT, audit)
    new = change(context, AUDIT, context.new_id(), whole, method="create", must_not_exist=True)
    return of_the_server(new)


def _answer(told: str) -> FhirResponse:
    issue = Issue("informational", told, severity="information")
    return FhirResponse(200, respond.outcome_body((issue,)))


_URL = "http://fhir-server.vn/OperationDefinition/resource-"
OPERATIONS = (
    Operation(
        name="purge",
        level="instance",
        handler=purge,
        definition=f"{_URL}purge",
        types=("Resource",),
        affects_state=True,
        documentation="Erases a resource with every version; a Patient with the whole compartment.",
    ),
    Operation(
        name="purge-history",
        level="instance",
        handler=purge_history,
        definition=f"{_URL}purge-history",
        types=("Resource",),
        affects_state=True,
        documentation="Erases the superseded versions of a resource.",
    ),
)
