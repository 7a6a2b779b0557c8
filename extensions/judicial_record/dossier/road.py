"""The one road of every move: who asks, may it be, what comes of it, all in one transaction."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from extensions.judicial_record.dossier import caller, lifecycle, record, task
from extensions.judicial_record.dossier.desk import Desk
from extensions.judicial_record.law.policy import Rule
from extensions.judicial_record.names import DEFINITION
from extensions.judicial_record.reaching import OFFICE
from fhir_server.fhir import json
from fhir_server.fhir.exchange import FhirRequest, FhirResponse
from fhir_server.interactions import respond
from fhir_server.interactions.context import Context, Target
from fhir_server.interactions.operation import Handler, Level, Operation
from fhir_server.interactions.write import built, change, check_id, of_the_server, resource_of
from fhir_server.store.documents import Change, Method, Stored
from fhir_server.store.transact import Transaction

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Dossier:
    """A dossier as it stands in a transaction; `now` in µs."""

    stored: Stored
    task: Json
    work: Json | None
    work_version: int | None
    role: str
    now: int

    @property
    def id(self) -> str:
        """Give its id."""
        return str(self.task["id"])

    @property
    def state(self) -> str:
        """Give its state, with the step of the work."""
        return task.state_of(self.task, self.work)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a move makes: the Task, the state it is in, what else is written, by which rules.

    `task` is the dossier's Task with what the move adds, `reason` its statusReason; `work` are
    elements of the work that take the place of what was there, `officer` is who did it.
    """

    task: Json
    state: str
    reason: Json | None = None
    work: Json | None = None
    officer: str = ""
    changes: Sequence[Change] = ()
    rules: Sequence[Rule] = field(default=())


Effect = Callable[[Transaction, Dossier, lifecycle.Move], Awaitable[Outcome]]


async def parameters(context: Context, request: FhirRequest) -> Json:
    """Give the Parameters in the body; empty ones where there is no body."""
    if request.resource is None and not request.body:
        return {"resourceType": "Parameters"}
    return built(context, "Parameters", resource_of(request))


def identity(target: Target) -> str:
    """Give the id the URL names."""
    check_id(target.id or "")
    return target.id or ""


async def read(transaction: Transaction, context: Context, id_: str, now: int) -> Dossier:
    """Give the dossier in the transaction's snapshot; NotFound where the caller has none there."""
    stored = await transaction.read("Task", id_)
    told = resource(stored) if stored else None
    if stored is None or told is None or not task.is_dossier(told):
        raise caller.unknown(id_)
    role = caller.role(context.caller, told)
    work = await transaction.read("Task", task.work_id(id_))
    kept = resource(work) if work else None
    return Dossier(stored, told, kept, work.version if work else None, role, now)


async def standing(desk: Desk, context: Context, id_: str) -> Dossier:
    """Give the dossier as it stands; NotFound where the caller has none of this id."""
    found: list[Dossier] = []

    async def look(transaction: Transaction) -> Sequence[Change]:
        found[:] = [await read(transaction, context, id_, desk.office.clock())]
        return ()

    await context.store.transact(OFFICE, look)
    return found[0]


async def moved(desk: Desk, context: Context, id_: str, operation: str, effect: Effect) -> Dossier:
    """Move the dossier `id_` by an operation of the table; give it as it is then.

    Raises NotFound, Forbidden, Conflict as `lifecycle.move`, and what `effect` raises.
    """
    now = desk.office.clock()
    before: list[Dossier] = []

    async def plan(transaction: Transaction) -> Sequence[Change]:
        dossier = await read(transaction, context, id_, now)
        before[:] = [dossier]
        sample = desk.office.sample
        row = lifecycle.move(dossier.state, operation, dossier.role, sample=sample)
        outcome = await effect(transaction, dossier, row)
        if outcome.state not in row.to:
            raise AssertionError(outcome.state)
        return changes(context, operation, dossier, outcome)

    made = await context.store.transact(OFFICE, plan)
    return after(before[0], made)


def after(dossier: Dossier, made: Sequence[Stored]) -> Dossier:
    """Give the dossier with the versions that were made of it."""
    for one in made:
        if one.type == "Task" and one.id == dossier.id:
            dossier = replace(dossier, stored=one, task=resource(one))
        elif one.type == "Task" and one.id == task.work_id(dossier.id):
            dossier = replace(dossier, work=resource(one), work_version=one.version)
    return dossier


def changes(
    context: Context, operation: str, dossier: Dossier, outcome: Outcome
) -> Sequence[Change]:
    """Give what a move writes; a step of the work leaves the dossier's own Task as it is."""
    made: list[Change] = []
    before, after = dossier.state, outcome.state
    if lifecycle.published(before) != lifecycle.published(after):
        told = task.moved(outcome.task, after, dossier.now, outcome.reason)
        made.append(update(context, dossier.id, told, dossier.stored.version))
    if lifecycle.step(before) or lifecycle.step(after):
        told = task.worked(
            outcome.task,
            dossier.work,
            after,
            dossier.now,
            officer=outcome.officer,
            more=outcome.work,
        )
        made.append(update(context, task.work_id(dossier.id), told, dossier.work_version))
    if not made:
        return outcome.changes
    targets = [f"Task/{one.id}" for one in made]
    noted = record.of(
        context, operation, dossier.role, targets, now=dossier.now, rules=outcome.rules
    )
    return (*made, noted, *outcome.changes)


def update(context: Context, id_: str, told: Json, expected: int | None) -> Change:
    """Give the Change that puts a Task in the place of the version `expected`; None makes it."""
    whole = built(context, "Task", told)
    method: Method = "create" if expected is None else "update"
    made = change(context, "Task", id_, whole, method=method, expected=expected)
    return of_the_server(made)


def resource(stored: Stored) -> Json:
    """Give a stored version as a resource."""
    return json.parse_object(stored.body or b"{}")


def told(one: Json, version: int) -> FhirResponse:
    """Answer with a Task that is in hand."""
    return FhirResponse(200, json.dump(one), [("ETag", respond.etag(version))])


def answer(stored: Stored, status: int = 200) -> FhirResponse:
    """Answer with a Task."""
    return FhirResponse(status, stored.body or b"", respond.version_headers(stored))


def operation(
    name: str, handler: Handler, documentation: str, level: Level = "instance"
) -> Operation:
    """Give an operation on Task that is defined beside this extension."""
    return Operation(
        name=name,
        level=level,
        handler=handler,
        definition=f"{DEFINITION}/task-{name}",
        types=("Task",),
        affects_state=True,
        documentation=documentation,
    )
