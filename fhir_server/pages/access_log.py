"""Who looked at my record, or at that of somebody I stand for."""

import asyncio
from collections.abc import Iterable, Mapping

from markupsafe import Markup

from fhir_server.fhir.dates import SECOND
from fhir_server.oauth import clients
from fhir_server.operations.access_log import Row, rows
from fhir_server.pages import people, rights
from fhir_server.pages.answers import Answer, Page
from fhir_server.pages.people import OURS, Person
from fhir_server.pages.visit import Visit
from fhir_server.pages.words import isolated, moment, say

# The newest of so many are shown; the operation $access-log has them all.
_LOOKED_AT, _MOST = 500, 100


async def show(visit: Visit) -> Answer:
    """Give the newest accesses to the chosen person's record, the reader's own first."""
    mine = await people.choices(visit)
    wanted = visit.form.one("patient")
    person = next((one for one in mine if one.id == wanted), mine[0] if mine else None)
    told = await _accesses(visit, person) if person else []
    return Page("access-log", {"people": mine, "person": person, "rows": told})


async def _accesses(visit: Visit, person: Person) -> list[Mapping[str, Markup]]:
    caller = people.reader(visit, person.user, person.id)
    context = visit.site.base.context.but(caller=caller)
    every = await rows(context, person.id, _LOOKED_AT)
    found = [one for one in every if (one.app, one.who) != (OURS, person.user)][:_MOST]
    names = await asyncio.to_thread(_names, visit, {one.app for one in found})
    return [_told(visit, one, names, person) for one in found]


def _names(visit: Visit, apps: Iterable[str]) -> dict[str, Markup]:
    """Give the names of apps by their ids; these pages are one of them."""
    known = {one: clients.get(visit.site.oauth, one) for one in apps}
    names = {one: isolated(client.name if client else one) for one, client in known.items()}
    return {**names, OURS: say(visit.texts, "site")}


def _told(
    visit: Visit, row: Row, names: Mapping[str, Markup], person: Person
) -> Mapping[str, Markup]:
    """Give what is told of one access, under the names of its texts; what is not known is not."""
    texts, zone = visit.texts, visit.site.base.context.zone
    own = row.who == person.user
    told = {
        "when": moment(visit.language, row.when / SECOND, zone),
        "who": say(texts, "access-log.you") if own else row.who and isolated(row.who),
        "organisation": row.organisation and isolated(row.organisation),
        "app": row.app and names[row.app],
        "what": Markup(", ").join(rights.name(texts, one) for one in row.what),
        "outcome": say(texts, f"outcome.{row.outcome}"),
    }
    return {name: value for name, value in told.items() if isinstance(value, Markup) and value}
