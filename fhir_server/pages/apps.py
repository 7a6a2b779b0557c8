"""My connected apps: what each may see and until when; taken back with one button."""

import asyncio
from typing import Any

from fhir_server.oauth import grants
from fhir_server.oauth.grants import Grant
from fhir_server.pages import people, rights
from fhir_server.pages.answers import Answer, Goto, Page
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


async def _shown(visit: Visit, grant: Grant) -> dict[str, Any]:
    zone = visit.site.base.context.zone
    scopes = [one for one in grant.scopes if not one.startswith("label/")]
    return {
        "id": grant.id,
        "name": grant.client_name,
        "person": await people.reached(visit, grant.patient) if grant.patient else None,
        "groups": rights.groups(visit.texts, scopes, visit.site.oauth.spec),
        "labels": grant.labels,
        "since": moment(visit.language, grant.created, zone),
        "until": moment(visit.language, grant.expires, zone),
        "offline": grant.offline,
    }
