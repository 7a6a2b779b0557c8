"""The operator's review: apps that wait are let in or not; emergency access is looked at."""

import asyncio
from functools import partial
from typing import Any

from fhir_server.fhir.dates import SECOND
from fhir_server.oauth import clients
from fhir_server.oauth import review as decisions
from fhir_server.oauth.clients import Client, ClientError
from fhir_server.pages import rights
from fhir_server.pages.answers import Answer, Goto, Page
from fhir_server.pages.refusals import Refused
from fhir_server.pages.visit import Visit
from fhir_server.pages.words import moment
from fhir_server.store.reviews import Review

_DECISIONS = ("approve", "reject")
# Shown at a time; the oldest first.
_MOST = 100


async def show(visit: Visit) -> Answer:
    """Give what waits."""
    return await _list(visit)


async def answer(visit: Visit) -> Answer:
    """Take the word on one app, or on one emergency access; what stands against it is told."""
    form = visit.form
    decision, id_ = form.one("do"), form.one("id")
    if decision == "seen":
        await _seen(visit, id_)
    elif decision in _DECISIONS:
        note, version = f"{decision} by {visit.signed_in.user.sub}", form.one("version")
        if not (version.isascii() and version.isdigit()):
            raise Refused(400, "refused.form")
        # What changed since it was looked at is not approved unseen.
        decided = partial(decisions.decide, version=int(version[:9]))
        try:
            await asyncio.to_thread(decided, visit.site.oauth, id_, decision, note)
        except ClientError as error:
            return await _list(visit, str(error))
    else:
        raise Refused(400, "refused.form")
    return Goto("review")


async def _seen(visit: Visit, id_: str) -> None:
    context = visit.site.base.context
    await context.store.reviews.close(id_, visit.signed_in.user.sub, context.now())


async def _list(visit: Visit, problem: str = "") -> Page:
    waiting = await asyncio.to_thread(clients.listed, visit.site.oauth, "pending")
    opened = await visit.site.base.context.store.reviews.waiting(_MOST)
    told = {
        "apps": [_shown(visit, one) for one in waiting],
        "opened": [_opened(visit, one) for one in opened],
        "problem": problem,
    }
    return Page("review", told, 409 if problem else 200)


def _shown(visit: Visit, client: Client) -> dict[str, Any]:
    oauth, zone = visit.site.oauth, visit.site.base.context.zone
    return {
        "client": client,
        "groups": rights.groups(visit.texts, client.scopes, oauth.spec),
        "since": moment(visit.language, client.created, zone),
    }


def _opened(visit: Visit, review: Review) -> dict[str, Any]:
    when = moment(visit.language, review.ts / SECOND, visit.site.base.context.zone)
    return {"review": review, "when": when}
