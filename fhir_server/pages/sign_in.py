"""Sign in with a name and a password, or at another identity provider; sign out."""

import asyncio
from urllib.parse import urlencode

from fhir_server.oauth import sessions, users
from fhir_server.oauth.users import User
from fhir_server.pages.answers import Answer, Goto, Page
from fhir_server.pages.visit import Visit
from fhir_server.pages.waiting import fresh, waiting

# How sure a password alone is: https://openid.net/specs/openid-connect-core-1_0.html#IDToken
_ACR = "1"


async def show(visit: Visit) -> Answer:
    """Give the form, or go on where that is done already."""
    request, to = visit.query.one("request"), visit.query.one("to")
    if visit.session and await _enough(visit, request):
        return Goto(_on(visit, visit.session.user, request, to))
    return _form(visit, request, to)


async def answer(visit: Visit) -> Answer:
    """Check name and password and begin a new session; one text for whatever was wrong."""
    form, oauth = visit.form, visit.site.oauth
    request, to = form.one("request"), form.one("to")
    now = oauth.clock()
    user = await asyncio.to_thread(
        users.signed_in, oauth, form.one("username"), form.one("password"), visit.address, now
    )
    if user is None:
        return _form(visit, request, to, failed=True)
    if visit.session:
        await asyncio.to_thread(sessions.end, oauth, visit.cookie)
    cookie = await asyncio.to_thread(sessions.start, oauth, user, auth_time=now, acr=_ACR)
    return Goto(_on(visit, user, request, to), session=cookie)


async def leave(visit: Visit) -> Answer:
    """End the session, and with it what apps were given for as long as it lasts."""
    await asyncio.to_thread(sessions.end, visit.site.oauth, visit.cookie)
    return Goto("sign-in", session="")


async def _enough(visit: Visit, request: str) -> bool:
    if not request:
        return True
    return fresh(await waiting(visit, request), visit.signed_in, visit.site.oauth.clock())


def _on(visit: Visit, user: User, request: str, to: str) -> str:
    """Give where one is sent on to: a page of the menu; an address from outside never."""
    if request:
        return f"consent?{urlencode({'request': request})}"
    return to if to in _pages(visit) else visit.site.home(user)


def _pages(visit: Visit) -> list[str]:
    return [path for path, _ in visit.site.menu]


def _form(visit: Visit, request: str, to: str, *, failed: bool = False) -> Page:
    told = {
        "request": request,
        "to": to if to in _pages(visit) else "",
        "failed": failed,
        "federated": visit.site.federated,
    }
    return Page("sign-in", told, status=400 if failed else 200)
