"""The officers' queue: the dossiers of their body that wait, late ones first."""

import re
from collections.abc import Sequence
from typing import Any

from extensions.judicial_record.dossier import task
from extensions.judicial_record.dossier.lifecycle import PROCESSING, STATES
from extensions.judicial_record.pages import acts
from fhir_server.fhir.dates import SECOND, parse_instant
from fhir_server.pages.answers import Answer, Page
from fhir_server.pages.refusals import Refused
from fhir_server.pages.visit import Visit
from fhir_server.pages.words import moment

Json = dict[str, Any]
# What waits for an officer: all that is not over, but for the payment, which is the holder's.
_STATES = ("1", "2", "4", "5", "9")
_COUNT, _PAGES, _SHOWN = 200, 10, 50
_FROM = re.compile(r"[0-9]{1,6}", re.ASCII)
_NEVER = 2**63


async def show(visit: Visit) -> Answer:
    """Give a part of the queue, late dossiers first, and where the next part begins."""
    text = visit.query.one("from") or "0"
    if not _FROM.fullmatch(text):
        raise Refused(400, "refused.form")
    waiting, more = await _waiting(visit)
    start, end = int(text), int(text) + _SHOWN
    shown = waiting[start:end]
    work = await _work(visit, shown)
    rows = [row(visit, one, work.get(task.work_id(one["id"]))) for one in shown]
    further = str(end) if end < len(waiting) else ""
    return Page("queue", {"rows": rows, "most": more, "read": _COUNT * _PAGES, "next": further})


async def _waiting(visit: Visit) -> tuple[list[Json], bool]:
    """Give the dossiers that wait, in their order, and whether there are more than were read."""
    found: list[Json] = []
    more = False
    states = ",".join(f"{task.STATE}|{one}" for one in _STATES)
    for one in visit.signed_in.user.organisations:
        owner = ("owner", f"Organization/{one}")
        asked = (owner, ("business-status", states), ("_count", str(_COUNT)))
        some, cut = await acts.pages(visit, "Task", *asked, most=_PAGES)
        found, more = found + some, more or cut
    dossiers = sorted(filter(task.is_dossier, found), key=due)
    return sorted(dossiers, key=lambda one: not _late(visit, one)), more


async def _work(visit: Visit, shown: Sequence[Json]) -> dict[str, Json]:
    """Give by id the work on these dossiers where it is under way: it says how far each is."""
    ids = [task.work_id(one["id"]) for one in shown if task.state_of(one, None) == "4"]
    if not ids:
        return {}
    asked = (("_id", ",".join(ids)), ("_count", str(len(ids))))
    return {one["id"]: one for one in await acts.search(visit, "Task", *asked)}


def due(one: Json) -> int:
    """Give when a dossier is due, in µs; long after all others where no term runs."""
    end = one.get("restriction", {}).get("period", {}).get("end")
    return parse_instant(end) if end else _NEVER


def row(visit: Visit, one: Json, work: Json | None = None) -> dict[str, Any]:
    """Give what is told of a dossier in a list: no name, and no number of a person."""
    ends, zone = due(one), visit.site.base.context.zone
    state = task.state_of(one, work)
    return {
        "id": one["id"],
        "code": next(
            (n["value"] for n in one.get("identifier", ()) if n["system"] == task.CODE), ""
        ),
        "state": state_name(visit, state),
        "due": moment(visit.language, ends / SECOND, zone) if ends != _NEVER else "",
        "late": _late(visit, one),
    }


def _late(visit: Visit, one: Json) -> bool:
    now = visit.site.oauth.clock() * SECOND
    return due(one) < now and task.state_of(one, None) not in ("9", "10")


def state_name(visit: Visit, state: str) -> str:
    """Give the state in the reader's language."""
    found = STATES.get(state, PROCESSING)
    return found.vietnamese if visit.language == "vi" else found.name
