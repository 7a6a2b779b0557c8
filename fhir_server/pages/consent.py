"""Consent: who asks, for whose record, what it may see and for how long; yes or no, once.

https://hl7.org/fhir/smart-app-launch/app-launch.html#obtain-authorization-code
"""

import asyncio
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode, urlsplit

from markupsafe import Markup

from fhir_server.fhir.errors import Forbidden, Gone, Invalid
from fhir_server.oauth import authorize, grants
from fhir_server.oauth.authorize import Approval, Pending
from fhir_server.oauth.clients import Client
from fhir_server.pages import people, rights
from fhir_server.pages.answers import Answer, Goto, Page
from fhir_server.pages.people import Person
from fhir_server.pages.refusals import Refused
from fhir_server.pages.visit import Visit
from fhir_server.pages.waiting import fresh, waiting
from fhir_server.pages.words import say

_SOURCE = re.compile(r"[a-z][a-z0-9+.-]*:(//[a-z0-9.-]+(:[0-9]+)?)?", re.ASCII)
_REFUSALS = {Gone: "refused.request", Forbidden: "refused.other-user", Invalid: "refused.form"}


async def show(visit: Visit) -> Answer:
    """Give the question."""
    request = await waiting(visit, visit.query.one("request"))
    return _again(visit, request) or await _question(visit, request)


async def answer(visit: Visit) -> Answer:
    """Take the answer: `do` is allow, refuse, or find a patient first."""
    form = visit.form
    request = await waiting(visit, form.one("request"))
    again = _again(visit, request)
    if again:
        return again
    match form.one("do"):
        case "allow":
            return await _allow(visit, request)
        case "refuse":
            return await _ended(authorize.refuse, visit.site.oauth, request.id)
        case "find":
            person = await people.found(visit, form.one("number").strip())
            return await _question(visit, request, person, "" if person else "consent.unknown")
        case _:
            raise Refused(400, "refused.form")


def labels(request: Pending) -> tuple[str, ...]:
    """Give the labels a tick clears: those asked for that the app may be cleared for at all."""
    return tuple(one for one in request.labels if one in request.client.clearance)


def _again(visit: Visit, request: Pending) -> Goto | None:
    """Give the way to sign in once more where the app asks for that; Refused for another user."""
    if request.user not in ("", visit.signed_in.user.fhir_user):
        raise Refused(403, "refused.other-user")
    if fresh(request, visit.signed_in, visit.site.oauth.clock()):
        return None
    return Goto(f"sign-in?{urlencode({'request': request.id})}")


async def _allow(visit: Visit, request: Pending) -> Answer:
    """Grant what is ticked, of what was asked for and shown."""
    form, session = visit.form, visit.signed_in
    scopes, cleared = form.all("scope"), form.all("label")
    if not set(scopes) <= set(_shown(request)) or not set(cleared) <= set(labels(request)):
        raise Refused(400, "refused.form")
    if not scopes:
        return await _question(visit, request, problem="consent.nothing")
    user, patient = session.user, request.patient
    acts_as = user.fhir_user
    if request.needs_patient:
        person = await people.reached(visit, form.one("patient"))
        if person is None:
            return await _question(visit, request, problem="consent.no-patient")
        patient, acts_as = person.id, person.user
    ticked = {*scopes, *(f"label/{one}" for one in cleared)}
    approval = Approval(
        sub=user.sub,
        fhir_user=acts_as,
        patient=patient,
        encounter=request.encounter,
        scopes=tuple(one for one in request.scopes if one in ticked),
        labels=cleared,
        organisations=user.organisations if acts_as == user.fhir_user else (),
        session=session.id,
        auth_time=session.auth_time,
        acr=session.acr,
    )
    return await _ended(authorize.approve, visit.site.oauth, request.id, approval)


async def _ended(end: Callable[..., str], *told: Any) -> Goto:
    """Give the way back to the app; Refused where somebody answered in between."""
    try:
        return Goto(await asyncio.to_thread(end, *told))
    except (Gone, Forbidden, Invalid) as error:
        raise Refused(error.status, _REFUSALS[type(error)]) from None


async def _question(
    visit: Visit, request: Pending, person: Person | None = None, problem: str = ""
) -> Page:
    sources = tuple(dict.fromkeys(_sources(request.client)))
    told = {
        "request": request.id,
        "client": request.client,
        "leads_to": ", ".join(sources),
        "groups": rights.groups(visit.texts, _shown(request), visit.site.oauth.spec),
        "labels": labels(request),
        "lasts": _lasts(visit.texts, request),
        "people": await _people(visit, request, person),
        "needs_patient": request.needs_patient,
        "finds": _finds(visit, request),
        "problem_key": problem,
    }
    return Page("consent", told, 400 if problem else 200, sources)


def _shown(request: Pending) -> tuple[str, ...]:
    """Give the scopes that have a box each; labels have theirs."""
    return tuple(one for one in request.scopes if not one.startswith("label/"))


async def _people(visit: Visit, request: Pending, person: Person | None) -> Sequence[Person]:
    """Give whom the record may be of: the one of the launch, or those to choose from."""
    if request.patient:
        launched = await people.reached(visit, request.patient)
        return [launched or Person(request.patient, request.patient)]
    if not request.needs_patient:
        return ()
    return [*await people.choices(visit), *([person] if person else [])]


def _finds(visit: Visit, request: Pending) -> bool:
    """Whether a patient may be looked for: by who treats them, unless the launch names one."""
    treats = visit.signed_in.user.fhir_user.startswith(("Practitioner/", "PractitionerRole/"))
    return treats and request.needs_patient


def _lasts(texts: Mapping[str, str], request: Pending) -> Markup:
    seconds = grants.lifetime(request.scopes)
    if request.offline:
        return say(texts, "consent.offline", days=seconds // 86_400)
    if request.online:
        return say(texts, "consent.online", hours=seconds // 3_600)
    return say(texts, "consent.short", minutes=seconds // 60)


def _sources(client: Client) -> Iterator[str]:
    """Give where the answer may lead a browser.

    https://www.w3.org/TR/CSP3/#directive-form-action
    """
    for address in client.redirect_uris:
        parts = urlsplit(address)
        web = parts.scheme in ("http", "https")
        source = f"{parts.scheme}://{parts.netloc}" if web else f"{parts.scheme}:"
        if _SOURCE.fullmatch(source):
            yield source
