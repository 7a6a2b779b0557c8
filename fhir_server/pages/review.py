"""The operator's review: apps that wait are let in or not."""

import asyncio
from typing import Any

from fhir_server.oauth import clients
from fhir_server.oauth import review as decisions
from fhir_server.oauth.clients import Client, ClientError
from fhir_server.pages import rights
from fhir_server.pages.answers import Answer, Goto, Page
from fhir_server.pages.refusals import Refused
from fhir_server.pages.visit import Visit
from fhir_server.pages.words import moment

_DECISIONS = ("approve", "reject")


async def show(visit: Visit) -> Answer:
    """Give what waits."""
    return await _list(visit)


async def answer(visit: Visit) -> Answer:
    """Take the decision on one app; what stands against it is told."""
    form = visit.form
    decision, id_ = form.one("do"), form.one("client")
    if decision not in _DECISIONS:
        raise Refused(400, "refused.form")
    note = f"{decision} by {visit.signed_in.user.sub}"
    try:
        await asyncio.to_thread(decisions.decide, visit.site.oauth, id_, decision, note)
    except ClientError as error:
        return await _list(visit, str(error))
    return Goto("review")


async def _list(visit: Visit, problem: str = "") -> Page:
    waiting = await asyncio.to_thread(clients.listed, visit.site.oauth, "pending")
    told = {"apps": [_shown(visit, one) for one in waiting], "problem": problem}
    return Page("review", told, 409 if problem else 200)


def _shown(visit: Visit, client: Client) -> dict[str, Any]:
    oauth, zone = visit.site.oauth, visit.site.base.context.zone
    return {
        "client": client,
        "groups": rights.groups(visit.language, client.scopes, oauth.spec),
        "since": moment(visit.language, client.created, zone),
    }
