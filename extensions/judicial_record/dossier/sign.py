"""The operations `$sign` and `$deliver`: one signer, one certificate; one result, told again.

It is for an officer who signs for the body (`signs` in bodies.json), and is not who prepared the
certificate: the last who checked its sources or proposed it. He first takes the dossier, then the
certificate is made, then both are committed. Whoever comes meanwhile is refused; a signer whose
process ended leaves the dossier to the next one.
"""

from functools import partial
from typing import Any

from extensions.judicial_record.dossier import road, task
from extensions.judicial_record.dossier.application import of_task, row
from extensions.judicial_record.dossier.desk import Desk, Issued, Signing
from extensions.judicial_record.dossier.lifecycle import Move
from extensions.judicial_record.dossier.road import Dossier, Outcome
from extensions.judicial_record.dossier.words import word, words
from fhir_server.fhir import dates
from fhir_server.fhir.errors import Conflict, Forbidden
from fhir_server.fhir.exchange import FhirRequest, FhirResponse
from fhir_server.interactions.context import Context, Target
from fhir_server.interactions.operation import Operation
from fhir_server.store.transact import Transaction

# How long a signer holds a dossier before another may take it, in µs.
HELD = dates.MINUTE
DELIVERY = (word("tracking", "string", longest=100),)


def operations_of(desk: Desk) -> list[Operation]:
    """Give both operations."""
    told = "Signs and issues the certificate; who prepared it does not sign it."
    return [
        road.operation("sign", partial(sign, desk), told),
        road.operation("deliver", partial(deliver, desk), "Hands the result over, or once more."),
    ]


async def sign(desk: Desk, context: Context, request: FhirRequest, target: Target) -> FhirResponse:
    """Issue the certificate; answer with the Task, whose output names it.

    Raises Forbidden for who prepared it or does not sign for the body, Conflict while somebody else
    is signing.
    """
    words(await road.parameters(context, request), (), "")
    identity = road.identity(target)
    taken = await road.moved(desk, context, identity, "sign", partial(_taken, desk, context))
    try:
        issued = await desk.issue(
            context, Signing(taken.task, taken.work or {}, context.caller.user)
        )
        done = partial(_issued, taken, issued)
        signed = await road.moved(desk, context, identity, "sign", done)
    except Exception:
        # Whatever it was, the next signer need not wait.
        await road.moved(desk, context, identity, "sign", partial(_released, taken))
        raise
    if issued.announced:
        await issued.announced()
    return road.answer(signed.stored)


async def _taken(
    desk: Desk, context: Context, _: Transaction, dossier: Dossier, __: Move
) -> Outcome:
    owner = dossier.task["owner"]["reference"].removeprefix("Organization/")
    desk.office.check_signs(owner, context.caller.user)
    work: dict[str, Any] = dossier.work or {}
    if work.get("requester", {}).get("reference") == context.caller.user:
        raise Forbidden("You prepared this certificate: somebody else has to sign it.")
    since = dates.parse_instant(work["lastModified"])
    if dossier.state == "4/signing" and dossier.now - since < HELD:
        raise Conflict("The dossier is being signed now; look at it again in a minute.")
    return Outcome(dossier.task, "4/signing")


async def _issued(
    taken: Dossier, issued: Issued, _: Transaction, dossier: Dossier, __: Move
) -> Outcome:
    _held(taken, dossier)
    told = task.given(dossier.task, "output", issued.output)
    return Outcome(told, "9", changes=issued.changes)


async def _released(taken: Dossier, _: Transaction, dossier: Dossier, __: Move) -> Outcome:
    _held(taken, dossier)
    return Outcome(dossier.task, "4/awaiting-signature")


def _held(taken: Dossier, dossier: Dossier) -> None:
    if dossier.work_version != taken.work_version:
        raise Conflict("Somebody else took the dossier to sign it; look at it again.")


async def deliver(
    desk: Desk, context: Context, request: FhirRequest, target: Target
) -> FhirResponse:
    """Note that the result went back the way the application came; again is the same answer."""
    told = words(await road.parameters(context, request), DELIVERY, "")

    async def effect(_: Transaction, dossier: Dossier, __: Move) -> Outcome:
        if dossier.state == "10":
            return Outcome(dossier.task, "10")
        rows = [
            row("delivered", "valueDateTime", dates.instant(dossier.now)),
            row("channel", "valueCode", of_task(dossier.task).channel),
            *(row("tracking", "valueString", one) for one in told["tracking"]),
        ]
        return Outcome(task.given(dossier.task, "output", rows), "10")

    made = await road.moved(desk, context, road.identity(target), "deliver", effect)
    return road.answer(made.stored)
