"""Sign in with a name and a password, or at another identity provider; sign out."""

import asyncio
from urllib.parse import urlencode

from fhir_server.oauth import authorize, sessions, users
from fhir_server.oauth.sessions import Session
from fhir_server.pages.answers import Answer, Goto, Page
from fhir_server.pages.visit import Visit

# Where one may be sent on to; an address from outside is never followed.
_PAGES = ("apps", "access-log", "developers", "review")
# How sure a password alone is: https://pages.nist.gov/800-63-4/sp800-63b.html#aal1
_ACR = "1"


async def show(visit: Visit) -> Answer:
    """Give the form, or go on where that is done already."""
    request = visit.query.one("request")
    if visit.session and await _enough(visit, request, visit.session):
        return _on(visit, request, visit.query.one("to"))
    return _form(visit, request, visit.query.one("to"))


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
    return Goto(_on(visit, request, to).address, session=cookie)


async def leave(visit: Visit) -> Answer:
    """End the session, and with it what apps were given for as long as it lasts."""
    await asyncio.to_thread(sessions.end, visit.site.oauth, visit.cookie)
    return Goto("sign-in", session="")


async def _enough(visit: Visit, request: str, session: Session) -> bool:
    """Whether the app takes this sign-in: it may ask for one of its own or a recent one."""
    if not request:
        return True
    waiting = await asyncio.to_thread(authorize.pending, visit.site.oauth, request)
    return waiting is None or session.auth_time >= waiting.auth_after


def _on(visit: Visit, request: str, to: str) -> Goto:
    if request:
        return Goto(f"consent?{urlencode({'request': request})}")
    return Goto(to if to in _PAGES else "apps")


def _form(visit: Visit, request: str, to: str, *, failed: bool = False) -> Page:
    told = {
        "request": request,
        "to": to if to in _PAGES else "",
        "failed": failed,
        "federated": visit.site.federated,
    }
    return Page("sign-in", told, status=400 if failed else 200)
