"""Dossiers one after the other, each with the Task of its work, a page at a time."""

from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass
from typing import Any

from msgspec import structs

from extensions.judicial_record.dossier import task
from extensions.judicial_record.dossier.lifecycle import STATES, published
from fhir_server.fhir import dates, json
from fhir_server.interactions import paging
from fhir_server.interactions.context import Context
from fhir_server.interactions.parameters import searched
from fhir_server.search.condition import Condition
from fhir_server.store.documents import Stored

Json = dict[str, Any]
PAGE = 500
RUNNING = ("accepted", "in-progress")
_ALL = frozenset(one.status for one in STATES.values())


@dataclass(frozen=True, slots=True)
class Standing:
    """A dossier as it is stored, and its work; both as resources."""

    id: str
    told: Json
    work: Json | None


async def dossiers(
    context: Context,
    allow: Condition,
    statuses: Collection[str] = (),
    asked: Sequence[tuple[str, str]] = (),
) -> AsyncIterator[Standing]:
    """Give the dossiers of these Task.status (none: all) that a search of Task finds.

    What is written meanwhile is not found again.
    """
    states = {published(one) for one, told in STATES.items() if told.status in (statuses or _ALL)}
    # The work of a dossier has steps, of another system.
    wanted = ("business-status", ",".join(f"{task.STATE}|{one}" for one in sorted(states)))
    query = structs.replace(searched(context, "Task", [wanted, *asked]), count=PAGE)
    while True:
        found = await paging.page(context, query, allow)
        ids = [task.work_id(row.id) for row in found.rows]
        works = await context.store.read_many(allow, "Task", ids)
        for row in found.rows:
            told = resource(row)
            if told is not None:
                yield Standing(row.id, told, resource(works.get(task.work_id(row.id))))
        if found.next is None:
            return
        query = structs.replace(query, after=found.next)


def resource(stored: Stored | None) -> Json | None:
    """Give a stored version as a resource; None for one that is not there, or deleted."""
    return json.parse_object(stored.body) if stored and stored.body else None


def rule_of(told: Json) -> str:
    """Give the key of the rule of law a Task's term follows from; empty without one."""
    uri = str(told.get("instantiatesUri", ""))
    return uri.removeprefix(f"{task.RULE}/") if uri.startswith(f"{task.RULE}/") else ""


def ends(told: Json) -> int | None:
    """Give when the term ends, in µs; None before the dossier was accepted."""
    end = told.get("restriction", {}).get("period", {}).get("end")
    return dates.parse_instant(end) if end else None
