"""When days change, so do the terms that run over them: a new holiday, a Saturday to be worked.

A dossier keeps the rule it was accepted under; the days are those known now. Repeating it changes
nothing more.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from extensions.judicial_record.dossier import task
from extensions.judicial_record.law.deadlines import due
from extensions.judicial_record.office import Office
from extensions.judicial_record.reaching import OFFICE
from extensions.judicial_record.terms.walk import RUNNING, Standing, dossiers, resource, rule_of
from fhir_server.interactions.context import Context
from fhir_server.interactions.write import built, change, of_the_server
from fhir_server.store.documents import Change, Stored
from fhir_server.store.transact import Transaction

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Recomputed:
    """How many dossiers with a running term were looked at, and of how many it ends anew."""

    looked: int = 0
    changed: int = 0


async def recompute(context: Context, office: Office) -> Recomputed:
    """Give every term that runs the end it has by the days of now: the dossier's, and its work's.

    A term that stands still gets its end when it goes on. Raises LawError for a rule that is no
    more in rules.json.
    """
    looked = changed = 0
    async for one in dossiers(context, OFFICE, RUNNING):
        looked += 1
        # Most have not changed: those are not read again in a transaction.
        if _differs(office, one) and await _again(context, office, one.id):
            changed += 1
    return Recomputed(looked, changed)


def _differs(office: Office, one: Standing) -> bool:
    both = [told for told in (one.told, one.work) if told]
    return any(termed(office, told, one.told) != told for told in both)


def termed(office: Office, told: Json, dossier: Json) -> Json:
    """Give a Task with its term as it ends by the days of now; the dossier keeps the pauses."""
    key, start = rule_of(told), task.started(told)
    if not key or start is None:
        return told
    rule = office.law.by_key(key)
    return task.termed(told, start, due(start, rule, office.days, task.pauses(dossier)), rule)


async def _again(context: Context, office: Office, id_: str) -> bool:
    made: list[Change] = []

    async def plan(transaction: Transaction) -> Sequence[Change]:
        made.clear()
        dossier, work = [await transaction.read("Task", one) for one in (id_, task.work_id(id_))]
        told = resource(dossier)
        if told is not None and told["status"] in RUNNING:
            for stored in (dossier, work):
                made.extend(_changes(context, office, stored, told))
        return made

    await context.store.transact(OFFICE, plan)
    return bool(made)


def _changes(
    context: Context, office: Office, stored: Stored | None, dossier: Json
) -> Sequence[Change]:
    told = resource(stored)
    after = termed(office, told, dossier) if told else None
    if stored is None or after is None or after == told:
        return ()
    whole = built(context, "Task", after)
    made = change(context, "Task", stored.id, whole, method="update", expected=stored.version)
    return (of_the_server(made),)
