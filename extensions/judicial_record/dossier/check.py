"""The operations `$check-sources` and `$propose`: is there a record, and whose is it.

What is found stands in the work, for officers of the owner alone: the dossier's own Task is the
same, version for version, whether anything was found or not.
"""

import asyncio
from collections.abc import Collection
from functools import partial
from typing import Any

from extensions.judicial_record.dossier import holder, lifecycle, road, task
from extensions.judicial_record.dossier.application import name_of, of_task, row
from extensions.judicial_record.dossier.desk import Desk, Match
from extensions.judicial_record.dossier.lifecycle import Move
from extensions.judicial_record.dossier.road import Dossier, Outcome
from extensions.judicial_record.dossier.words import word, words
from fhir_server.fhir.errors import Conflict, Unprocessable
from fhir_server.fhir.exchange import FhirRequest, FhirResponse
from fhir_server.interactions.context import Context, Target
from fhir_server.interactions.operation import Operation
from fhir_server.store.transact import Transaction

Json = dict[str, Any]
AMBIGUOUS = "ambiguous"
# Where nothing is found a leader may sign at once; a doubt is never decided by a machine.
STEPS = {"clean": "4/awaiting-signature", "hit": "4/review", AMBIGUOUS: "4/awaiting-source"}
# From best to worst.
_KINDS = tuple(STEPS)
OWN, EXPUNGED, NOTE = "record", "expunged", "note"
PROPOSAL = (
    word(OWN, "string", most=100, longest=64),
    word(EXPUNGED, "string", most=100, longest=64),
    word(NOTE, "string", longest=2000),
)


def operations_of(desk: Desk) -> list[Operation]:
    """Give both operations."""
    check = "Asks the source records whether they hold the holder."
    propose = "Proposes a certificate: which source records are the holder's."
    return [
        road.operation("check-sources", partial(check_sources, desk), check),
        road.operation("propose", partial(proposed, desk), propose),
    ]


async def check_sources(
    desk: Desk, context: Context, request: FhirRequest, target: Target
) -> FhirResponse:
    """Ask the source records; answer with the work. The officer who asks is who prepared."""
    words(await road.parameters(context, request), (), "")
    identity = road.identity(target)
    dossier = await road.standing(desk, context, identity)
    # Nobody learns by the time it takes what he may not ask.
    lifecycle.move(dossier.state, "check-sources", dossier.role)
    snapshot = of_task(dossier.task).snapshot
    match = await asyncio.to_thread(desk.check, snapshot)

    async def effect(transaction: Transaction, dossier: Dossier, _: Move) -> Outcome:
        person = dossier.task["for"]["reference"]
        doubt = await holder.differs(transaction, person, snapshot)
        lane = AMBIGUOUS if doubt else match.kind
        more = {**_term(desk, dossier, lane), "output": found(lane, match)}
        return Outcome(dossier.task, STEPS[lane], work=more, officer=context.caller.user)

    return _answer(await road.moved(desk, context, identity, "check-sources", effect))


async def proposed(
    desk: Desk, context: Context, request: FhirRequest, target: Target
) -> FhirResponse:
    """Note which source records are the holder's and which of them are expunged: an officer's word.

    Raises Unprocessable for a record that is not among those found.
    """
    told = words(await road.parameters(context, request), PROPOSAL, "")

    async def effect(_: Transaction, dossier: Dossier, __: Move) -> Outcome:
        before = (dossier.work or {}).get("output", [])
        among(told[OWN], [one.get("valueString") for one in before if name_of(one) == task.RECORD])
        among(told[EXPUNGED], told[OWN])
        found = [one for one in before if name_of(one) in (task.LANE, task.RECORD)]
        rows = [row(one.name, one.property, value) for one in PROPOSAL for value in told[one.name]]
        return Outcome(
            dossier.task,
            "4/awaiting-signature",
            work={"output": [*found, *rows]},
            officer=context.caller.user,
        )

    return _answer(await road.moved(desk, context, road.identity(target), "propose", effect))


def among(given: Collection[Any], known: Collection[Any]) -> None:
    """Raise Unprocessable where something is not among what is known."""
    if not set(given) <= set(known):
        raise Unprocessable(
            "Name records among those that were found, and as expunged those among them that are "
            "the holder's; after an import, check the sources again.",
            expression="Parameters.parameter.where(name='record' or name='expunged')",
        )


def found(lane: str, match: Match) -> list[Json]:
    """Give the rows that say what the source records answered."""
    ids = (*match.records, *match.prohibitions)
    records = [row(task.RECORD, "valueString", one) for one in ids]
    return [row(task.LANE, "valueCode", lane), *records]


def unchanged(work: Json, match: Match) -> None:
    """Raise Conflict where the source records say more or other than when they were checked."""
    before = work.get("output", ())
    lane = next((one["valueCode"] for one in before if name_of(one) == task.LANE), "")
    worse = lane not in _KINDS or _KINDS.index(match.kind) > _KINDS.index(lane)
    if worse or recorded(work) != {*match.records, *match.prohibitions}:
        raise Conflict(
            "The source records changed; check the sources again.", expression="Task.output"
        )


def recorded(work: Json) -> set[str]:
    """Give the ids of the source records that were found."""
    return {one["valueString"] for one in work.get("output", ()) if name_of(one) == task.RECORD}


def _term(desk: Desk, dossier: Dossier, lane: str) -> Json:
    """Give the term of this lane: for officers, the holder is told the general one."""
    start = task.started(dossier.task)
    assert start is not None
    facts = of_task(dossier.task).facts
    end, rule = desk.term(start, task.pauses(dossier.task), lane=lane, **facts)
    return task.term(start, end, rule)


def _answer(dossier: Dossier) -> FhirResponse:
    return road.told(dossier.work or {}, dossier.work_version or 0)
