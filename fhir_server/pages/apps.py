"""My connected apps: what each may see and until when; taken back with one button."""

import asyncio

from fhir_server.oauth import clients, grants
from fhir_server.oauth.grants import Grant
from fhir_server.pages import people
from fhir_server.pages.answers import Answer, Goto, Page
from fhir_server.pages.rights import groups
from fhir_server.pages.visit import Visit
from fhir_server.pages.words import moment


async def show(visit: Visit) -> Answer:
    """Give the list."""
    mine = await asyncio.to_thread(grants.of_user, visit.site.oauth, visit.signed_in.user.sub)
    return Page("apps", {"apps": [await _shown(visit, one) for one in mine]})


async def answer(visit: Visit) -> Answer:
    """Take back one grant, if it is the reader's own; the list is shown anew."""
    sub, id_ = visit.signed_in.user.sub, visit.form.one("grant")
    await asyncio.to_thread(grants.revoke, visit.site.oauth, id_, sub)
    return Goto("apps")


async def _shown(visit: Visit, grant: Grant) -> dict[str, object]:
    oauth, zone = visit.site.oauth, visit.site.base.context.zone
    client = await asyncio.to_thread(clients.get, oauth, grant.client)
    person = await people.reached(visit, grant.patient) if grant.patient else None
    return {
        "id": grant.id,
        "name": client.name if client else grant.client,
        "person": person,
        "groups": groups(visit.language, grant.scopes, oauth.spec),
        "labels": grant.labels,
        "since": moment(visit.language, grant.created, zone),
        "until": moment(visit.language, grant.expires, zone),
        "offline": grant.offline,
    }
