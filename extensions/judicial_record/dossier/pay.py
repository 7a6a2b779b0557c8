"""The operation `$pay`: a receipt for the fee; the same receipt twice is one payment."""

import asyncio
from functools import partial
from typing import Any

from extensions.judicial_record.dossier import fees, ledger, lifecycle, road, task
from extensions.judicial_record.dossier.application import row
from extensions.judicial_record.dossier.desk import Desk
from extensions.judicial_record.dossier.ledger import Payment
from extensions.judicial_record.dossier.lifecycle import Move
from extensions.judicial_record.dossier.road import Dossier, Outcome
from extensions.judicial_record.dossier.words import word, words
from extensions.judicial_record.law.days import day_of
from fhir_server.fhir.errors import Conflict, Unprocessable
from fhir_server.fhir.exchange import FhirRequest, FhirResponse
from fhir_server.interactions.context import Context, Target
from fhir_server.interactions.operation import Operation
from fhir_server.store.documents import Stored
from fhir_server.store.transact import Transaction

Json = dict[str, Any]
RECEIPT = (
    word("receipt-number", "string", 1, longest=64),
    word("receipt-unit", "string", 1, longest=200),
    word("receipt-account", "string", 1, longest=64),
    word("receipt-line", "string", most=20, longest=200),
    word("amount", "Money", 1),
)
_AMOUNT = "Parameters.parameter.where(name='amount').valueMoney"


def operation_of(desk: Desk) -> Operation:
    """Give `$pay`."""
    told = "Takes the receipt of the fee; the same receipt twice is one payment."
    return road.operation("pay", partial(pay, desk), told)


async def pay(desk: Desk, context: Context, request: FhirRequest, target: Target) -> FhirResponse:
    """Keep the receipt; the Task is submitted then.

    Raises Unprocessable for another amount than is due, Conflict for another receipt of a dossier
    that is paid, or for one in no state to be paid.
    """
    given = await road.parameters(context, request)
    return road.answer(await paid(desk, context, road.identity(target), given))


async def paid(desk: Desk, context: Context, identity: str, given: Json) -> Stored:
    """Give the dossier's Task with this receipt: kept in the ledger first, then in the Task."""
    told = words(given, RECEIPT, day_of(desk.office.clock()).isoformat())
    payment = _payment(desk, told)
    records = desk.office.records
    dossier = await road.standing(desk, context, identity)
    if dossier.state == "6":
        # Before the ledger is written: what it holds is never taken back.
        lifecycle.move(dossier.state, "pay", dossier.role, sample=desk.office.sample)
        _exact(dossier, payment)
        await asyncio.to_thread(ledger.pay, records, identity, payment)
    elif await asyncio.to_thread(_again, desk, identity, payment):
        return dossier.stored

    async def effect(_: Transaction, dossier: Dossier, __: Move) -> Outcome:
        _exact(dossier, payment)
        rows = [row(one.name, one.property, value) for one in RECEIPT for value in told[one.name]]
        return Outcome(task.given(dossier.task, "input", rows), "1")

    made = await road.moved(desk, context, identity, "pay", effect)
    await asyncio.to_thread(ledger.posted, records, "payments", identity)
    return made.stored


def _exact(dossier: Dossier, payment: Payment) -> None:
    if fees.money(payment.amount) != task.value_of(dossier.task, "fee", "valueMoney"):
        raise Unprocessable("The amount is not the fee that is due.", expression=_AMOUNT)


def _again(desk: Desk, identity: str, payment: Payment) -> bool:
    """Say whether this very receipt paid the dossier before; Conflict where another did."""
    row = desk.office.records.get("payments", identity)
    if row is not None and row["whole"] != payment.whole:
        raise Conflict("The dossier is paid with another receipt.", code="duplicate")
    if row is not None:
        ledger.posted(desk.office.records, "payments", identity)
    return row is not None


def _payment(desk: Desk, told: dict[str, list[Any]]) -> Payment:
    [money] = told["amount"]
    amount = money.get("value")
    if money.get("currency") != fees.CURRENCY or not isinstance(amount, int) or amount < 0:
        raise Unprocessable("Amounts are whole VND.", code="value", expression=_AMOUNT)
    unit, number = told["receipt-unit"][0], told["receipt-number"][0]
    lines = repr((unit, number, told["receipt-account"], told["receipt-line"], amount))
    receipt = desk.blind("receipt", repr((unit, number)))
    return Payment(receipt, desk.blind("payment", lines), amount, desk.office.clock())
