"""The operations that decide in a few lines: accept, refuse, supplement, withdraw, stop."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from extensions.judicial_record.dossier import fees, ledger, road, task
from extensions.judicial_record.dossier.application import ROWS, Row, of_task, row
from extensions.judicial_record.dossier.desk import Desk
from extensions.judicial_record.dossier.lifecycle import Move
from extensions.judicial_record.dossier.reasons import codes
from extensions.judicial_record.dossier.road import Dossier, Outcome
from extensions.judicial_record.dossier.words import word, words
from extensions.judicial_record.law.days import day_of
from fhir_server.fhir.exchange import FhirRequest, FhirResponse
from fhir_server.interactions.context import Context, Target
from fhir_server.interactions.operation import Operation
from fhir_server.store.transact import Transaction

Given = dict[str, list[Any]]
Decide = Callable[[Desk, Dossier, Given], Awaitable[Outcome]]
_TEXT = word("reason-text", "string", longest=2000)


@dataclass(frozen=True, slots=True)
class Decision:
    """One operation: what it takes and what it makes of the dossier."""

    name: str
    documentation: str
    takes: tuple[Row, ...]
    decide: Decide
    after: Callable[[Desk, str], Any] | None = None


async def _accept(desk: Desk, dossier: Dossier, _: Given) -> Outcome:
    end, rule = desk.term(dossier.now, (), **of_task(dossier.task).facts)
    return Outcome(task.termed(dossier.task, dossier.now, end, rule), "2", rules=(rule,))


async def _refuse(desk: Desk, dossier: Dossier, given: Given) -> Outcome:
    amount = await asyncio.to_thread(ledger.refund, desk.office.records, dossier.id, dossier.now)
    told = dossier.task
    if amount:
        told = task.given(told, "output", [row("refund", "valueMoney", fees.money(amount))])
    return Outcome(told, "3", _reason(given))


async def _request_supplement(_: Desk, dossier: Dossier, given: Given) -> Outcome:
    return Outcome(task.paused(dossier.task, dossier.now), "5", _reason(given))


async def _supplement(desk: Desk, dossier: Dossier, given: Given) -> Outcome:
    rows = [
        row(name, ROWS[name].property, value) for name, values in given.items() for value in values
    ]
    told = task.resumed(dossier.task, dossier.now)
    told = task.given(told, "input", rows)
    start = task.started(told)
    if start is None:
        return Outcome(told, "1")
    end, rule = desk.term(start, task.pauses(told), **of_task(told).facts)
    return Outcome(task.termed(told, start, end, rule), "2")


async def _withdraw(_: Desk, dossier: Dossier, __: Given) -> Outcome:
    return Outcome(dossier.task, "7")


async def _stop(_: Desk, dossier: Dossier, given: Given) -> Outcome:
    return Outcome(dossier.task, "8", _reason(given))


def _reason(given: Given) -> dict[str, Any]:
    """Give the reason as a CodeableConcept."""
    coded = [{"system": task.REASON, "code": one} for one in given.get("reason", ())]
    told: dict[str, Any] = {"coding": coded} if coded else {}
    return told | ({"text": given["reason-text"][0]} if given["reason-text"] else {})


def _post_refund(desk: Desk, identity: str) -> None:
    ledger.posted(desk.office.records, "refunds", identity)


DECISIONS = (
    Decision("accept", "Accepts a dossier: its term begins.", (), _accept),
    Decision(
        "refuse",
        "Refuses a dossier, with a reason of Article 49; what was paid goes back.",
        (word("reason", "code", 1, codes=codes("refuse")), _TEXT),
        _refuse,
        _post_refund,
    ),
    Decision(
        "request-supplement",
        "Asks for more papers: the term stands still.",
        (word("reason-text", "string", 1, longest=2000),),
        _request_supplement,
    ),
    Decision(
        "supplement",
        "Sends the papers that were asked for: the term goes on.",
        (word("attachment", "Attachment", 0, 10), word("residence", "Address", 0, 20)),
        _supplement,
    ),
    Decision("withdraw", "Takes an application back.", (), _withdraw),
    Decision(
        "stop",
        "Stops a dossier, with a reason.",
        (word("reason", "code", 1, codes=codes("stop")), _TEXT),
        _stop,
    ),
)


def operations_of(desk: Desk) -> list[Operation]:
    """Give the six operations."""
    return [
        road.operation(one.name, partial(decided, desk, one), one.documentation)
        for one in DECISIONS
    ]


async def decided(
    desk: Desk, decision: Decision, context: Context, request: FhirRequest, target: Target
) -> FhirResponse:
    """Move the dossier as decided; answer with its Task."""
    given = await road.parameters(context, request)
    told = words(given, decision.takes, day_of(desk.office.clock()).isoformat())
    identity = road.identity(target)

    async def effect(_: Transaction, dossier: Dossier, __: Move) -> Outcome:
        return await decision.decide(desk, dossier, told)

    made = await road.moved(desk, context, identity, decision.name, effect)
    if decision.after is not None:
        await asyncio.to_thread(decision.after, desk, identity)
    return road.answer(made.stored)
