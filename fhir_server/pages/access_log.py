"""Who looked at my record, or at that of somebody I stand for."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import replace

from markupsafe import Markup

from fhir_server.fhir.dates import SECOND
from fhir_server.oauth import clients
from fhir_server.operations.access_log import Row, rows
from fhir_server.pages import people, rights
from fhir_server.pages.answers import Answer, Page
from fhir_server.pages.people import OURS, Person
from fhir_server.pages.visit import Visit
from fhir_server.pages.words import isolated, moment, say

COLUMNS = ("when", "who", "organisation", "app", "what", "outcome")
# The newest are shown; the operation $access-log has them all.
_MOST = 100


async def show(visit: Visit) -> Answer:
    """Give the newest accesses to the chosen person's record, the reader's own first."""
    mine = await people.choices(visit)
    wanted = visit.form.one("patient")
    person = next((one for one in mine if one.id == wanted), mine[0] if mine else None)
    told = await _accesses(visit, person) if person else []
    return Page("access-log", {"people": mine, "person": person, "rows": told, "columns": COLUMNS})


async def _accesses(visit: Visit, person: Person) -> list[Mapping[str, Markup]]:
    caller = people.reader(visit, person.user, person.id)
    context = replace(visit.site.base.context, caller=caller)
    found = await rows(context, person.id, _MOST)
    names = await asyncio.to_thread(_names, visit, {one.app for one in found})
    return [_told(visit, one, names) for one in found]


def _names(visit: Visit, apps: Iterable[str]) -> dict[str, Markup]:
    """Give the names of apps by their ids; these pages are one of them."""
    known = {one: clients.get(visit.site.oauth, one) for one in apps}
    names = {one: isolated(client.name if client else one) for one, client in known.items()}
    return {**names, OURS: say(visit.language, "site")}


def _told(visit: Visit, row: Row, names: Mapping[str, Markup]) -> Mapping[str, Markup]:
    language, zone = visit.language, visit.site.base.context.zone
    return {
        "when": moment(language, row.when / SECOND, zone),
        "who": isolated(row.who),
        "organisation": isolated(row.organisation),
        "app": names[row.app],
        "what": Markup(", ").join(rights.name(language, one) for one in row.what),
        "outcome": say(language, f"outcome.{row.outcome}"),
    }
