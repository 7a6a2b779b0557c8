"""Sign in at an identity provider others run: the way there, and the way back.

https://openid.net/specs/openid-connect-core-1_0.html#CodeFlowAuth
"""

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar
from urllib.parse import urlencode

from fhir_server.oauth import federation, sessions
from fhir_server.oauth.federation import NotSignedIn
from fhir_server.oauth.provider import Provider
from fhir_server.pages.answers import Answer, Goto
from fhir_server.pages.refusals import Refused
from fhir_server.pages.router import Row
from fhir_server.pages.visit import Visit

# The first is `Site.federated`, the second is registered at the provider as our redirect URI.
THERE, BACK = "federation", "federation-return"
_LONGEST = 256

T = TypeVar("T")


def rows(provider: Provider) -> Sequence[Row]:
    """Give the pages of a site that has this provider."""
    return (
        Row(THERE, partial(there, provider), signed_in=False),
        Row(BACK, partial(back, provider), signed_in=False),
    )


async def there(provider: Provider, visit: Visit) -> Answer:
    """Send the browser to the provider; what comes back counts in this browser only."""
    request = visit.query.one("request")
    if len(request) > _LONGEST:
        raise Refused(400, "refused.form")
    begun = partial(federation.begin, visit.site.oauth, provider, request, visit.csrf)
    return Goto(await _told(begun))


async def back(provider: Provider, visit: Visit) -> Answer:
    """Take the provider's answer and begin a new session for who it is about."""
    oauth, query = visit.site.oauth, visit.query
    names = ("state", "code", "iss", "error")
    parameters = {name: query.one(name) for name in names if query.all(name)}
    finish = partial(federation.finish, oauth, provider, parameters, visit.csrf)
    person = await _told(finish)
    patient = await visit.site.patient_of(person.number)
    known = partial(federation.user_of, oauth, provider, person, patient)
    user = await _told(known)
    if visit.session:
        await asyncio.to_thread(sessions.end, oauth, visit.cookie)
    start = partial(sessions.start, oauth, user, auth_time=person.auth_time, acr=person.acr)
    to = (
        f"consent?{urlencode({'request': person.request})}"
        if person.request
        else visit.site.home(user)
    )
    return Goto(to, session=await asyncio.to_thread(start))


async def _told(step: Callable[[], T]) -> T:
    """Give what a step gives, run in a thread; who is not signed in is told why, on a page."""
    try:
        return await asyncio.to_thread(step)
    except NotSignedIn as no:
        raise Refused(403, f"federation.{no.why}") from None
