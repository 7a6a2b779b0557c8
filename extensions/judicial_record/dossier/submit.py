"""The operation `POST Task/$submit`: an application becomes a dossier, once."""

import base64
from collections.abc import Sequence
from functools import partial
from hashlib import sha256
from typing import Any

from msgspec import structs

from extensions.judicial_record.dossier import caller, fees, holder, lifecycle, record, task
from extensions.judicial_record.dossier.applicant import admitted
from extensions.judicial_record.dossier.application import APPLICANT, Application, read, row
from extensions.judicial_record.dossier.desk import Desk
from extensions.judicial_record.dossier.road import answer, operation, parameters, resource
from extensions.judicial_record.law.days import day_of
from extensions.judicial_record.law.policy import Rule
from extensions.judicial_record.reaching import OFFICE
from fhir_server.fhir import dates
from fhir_server.fhir.errors import Conflict, Forbidden, Unprocessable
from fhir_server.fhir.exchange import FhirRequest, FhirResponse
from fhir_server.interactions.context import Context, Target
from fhir_server.interactions.operation import Operation
from fhir_server.interactions.write import built, change, of_the_server
from fhir_server.store.documents import Change, Stored
from fhir_server.store.transact import Transaction

Json = dict[str, Any]
DIGEST = "digest"
_ID_DIGITS, _CODE_DIGITS = 32, 16


def operation_of(desk: Desk) -> Operation:
    """Give `$submit`."""
    told = "Takes an application for a certificate; the same one twice is one dossier."
    return operation("submit", partial(submit, desk), told, level="type")


async def submit(desk: Desk, context: Context, request: FhirRequest, _: Target) -> FhirResponse:
    """Store the application; 201 with its Task, 200 where it was sent before.

    Raises Unprocessable with every issue, Forbidden for who may not apply so, Conflict where the
    application number was used for another application.
    """
    given = await parameters(context, request)
    stored, made = await submitted(desk, context, given)
    return answer(stored, 201 if made else 200)


async def submitted(desk: Desk, context: Context, given: Json) -> tuple[Stored, bool]:
    """Give the dossier's Task for this application, and whether it is new."""
    role = caller.applicant_role(context.caller)
    now = desk.office.clock()
    application = read(given, today=day_of(now).isoformat())
    admitted(application, desk.office.law, day_of(now))
    if application.form != "form-1" and role != lifecycle.HOLDER:
        raise Forbidden("Form 2 is applied for by its holder, or a minor's parent, signed in.")
    identity, digest = _identity(desk, context, application), _digest(application)
    numbered = application.one("application-number") is not None
    before: list[Stored] = []

    async def plan(transaction: Transaction) -> Sequence[Change]:
        sent = await transaction.read("Task", identity) if numbered else None
        before[:] = [sent] if sent else []
        if before:
            _same(resource(before[0]), digest)
            return ()
        persons = await holder.persons(desk, context, transaction, application)
        told, rules = _task(desk, context, application, persons=persons, identity=identity, now=now)
        whole = built(context, "Task", task.put(told, DIGEST, "valueString", digest))
        one = change(context, "Task", identity, whole, method="create", must_not_exist=True)
        # What a system sent it reaches by this; a person reaches his own by Task.for. What it
        # refers to is made with it, or stands as long as the office (`register`).
        owner = "" if context.caller.user else context.caller.client
        one = structs.replace(of_the_server(one), owner=owner, integrity=False)
        noted = record.of(context, "submit", role, [f"Task/{identity}"], now=now, rules=rules)
        return (one, noted, *persons.made)

    only = {f"Task/{identity}", *holder.names(desk, context, application)}
    written = await context.store.transact(OFFICE, plan, only=only)
    return (before[0], False) if before else (written[0], True)


def _identity(desk: Desk, context: Context, application: Application) -> str:
    """Give the Task's id: of one applicant's number there is one dossier."""
    number = application.one("application-number")
    if number is None:
        return context.new_id()
    whose = context.caller.user or context.caller.client
    return desk.blind("application", f"{whose}|{number}")[:_ID_DIGITS]


def _digest(application: Application) -> str:
    """Give what tells two applications under one number apart."""
    plain = repr(sorted(map(repr, application.values))).encode()
    return base64.b64encode(sha256(plain).digest()).decode()


def _same(told: Json, digest: str) -> None:
    if task.value_of(told, DIGEST, "valueString") != digest:
        raise Conflict(
            "Another application was sent under this application-number; use a new number.",
            code="duplicate",
            expression="Parameters.parameter.where(name='application-number')",
        )


def _task(
    desk: Desk,
    context: Context,
    application: Application,
    *,
    persons: holder.Persons,
    identity: str,
    now: int,
) -> tuple[Json, Sequence[Rule]]:
    """Give the dossier: payment due, or submitted where there is nothing to pay."""
    amount, rules = fees.due(application, desk.office.law, day_of(now))
    state = "6" if amount else "1"
    code = int(desk.blind("dossier-code", identity), 16) % 10**_CODE_DIGITS
    numbers = [{"system": task.CODE, "value": f"{code:0{_CODE_DIGITS}d}"}]
    number = application.one("application-number")
    told: Json = {
        "resourceType": "Task",
        "id": identity,
        "identifier": numbers + [{"system": task.NUMBER, "value": number}] * (number is not None),
        "status": lifecycle.STATES[state].status,
        "intent": "order",
        "code": task.coded(task.KIND, task.ISSUE),
        "for": {"reference": persons.holder},
        "authoredOn": dates.instant(now),
        "owner": {"reference": f"Organization/{_issuer(desk, context, application)}"},
        "input": [*application.input, row("fee", "valueMoney", fees.money(amount))],
    }
    if persons.applicant:
        told = task.put(told, APPLICANT, "valueReference", {"reference": persons.applicant})
    if not context.caller.user:
        who = {"system": task.CLIENT, "value": context.caller.client}
        told["requester"] = {"identifier": who}
    return task.moved(told, state, now), rules


def _issuer(desk: Desk, context: Context, application: Application) -> str:
    """Give the id of the body that issues: the one named, or the only one there is."""
    named = str(application.one("issuer", {}).get("reference", ""))
    identity = named.removeprefix(f"{context.base_url}/").removeprefix("Organization/")
    if not named and len(desk.office.issuers) == 1:
        return next(iter(desk.office.issuers))
    if identity not in desk.office.issuers:
        raise Unprocessable(
            "issuer names no body that issues certificates here; name one of: "
            + ", ".join(f"Organization/{one}" for one in sorted(desk.office.issuers)),
            code="not-found",
            expression="Parameters.parameter.where(name='issuer')",
        )
    return identity
