"""Consent: who asks, for whose record, what it may see and for how long; yes or no, once.

https://hl7.org/fhir/smart-app-launch/app-launch.html#request-4
"""

import asyncio
import re
from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

from fhir_server.oauth import authorize
from fhir_server.oauth.authorize import Approval, Pending
from fhir_server.oauth.clients import Client
from fhir_server.pages import people
from fhir_server.pages.answers import Answer, Goto, Page
from fhir_server.pages.people import Person
from fhir_server.pages.refusals import Refused
from fhir_server.pages.rights import groups
from fhir_server.pages.visit import Visit

_SOURCE = re.compile(r"[a-z][a-z0-9+.-]*:(//[a-z0-9.-]+(:[0-9]+)?)?", re.ASCII)


async def show(visit: Visit) -> Answer:
    """Give the question."""
    return await _question(visit, await _waiting(visit, visit.query.one("request")))


async def answer(visit: Visit) -> Answer:
    """Take the answer: `do` is allow, refuse, or find a patient first."""
    form = visit.form
    waiting = await _waiting(visit, form.one("request"))
    match form.one("do"):
        case "allow":
            return await _allow(visit, waiting)
        case "refuse":
            return Goto(await asyncio.to_thread(authorize.refuse, visit.site.oauth, waiting.id))
        case "find":
            number = form.one("number").strip()
            person = await people.found(visit, number)
            return await _question(visit, waiting, person, "" if person else "consent.unknown")
    raise Refused(400, "refused.form")


async def _waiting(visit: Visit, id_: str) -> Pending:
    """Give the app's request; Refused once it is answered, too old, or was never made."""
    waiting = await asyncio.to_thread(authorize.pending, visit.site.oauth, id_) if id_ else None
    if waiting is None:
        raise Refused(410, "refused.request")
    return waiting


async def _allow(visit: Visit, waiting: Pending) -> Answer:
    """Grant what is ticked, of what was asked for and shown."""
    form, session = visit.form, visit.signed_in
    scopes, labels = form.all("scope"), form.all("label")
    if not set(scopes) <= set(waiting.scopes) or not set(labels) <= set(waiting.labels):
        raise Refused(400, "refused.form")
    if not scopes:
        return await _question(visit, waiting, problem="consent.nothing")
    patient = form.one("patient")
    if waiting.needs_patient and not await _may_share(visit, waiting, patient):
        return await _question(visit, waiting, problem="consent.no-patient")
    approval = Approval(
        sub=session.user.sub,
        fhir_user=session.user.fhir_user,
        patient=patient if waiting.needs_patient else "",
        encounter=waiting.encounter,
        scopes=tuple(one for one in waiting.scopes if one in scopes),
        labels=tuple(one for one in waiting.labels if one in labels),
        organisations=tuple(session.user.organisations),
        session=session.id,
        auth_time=session.auth_time,
        acr=session.acr,
    )
    return Goto(await asyncio.to_thread(authorize.approve, visit.site.oauth, waiting.id, approval))


async def _may_share(visit: Visit, waiting: Pending, patient: str) -> bool:
    if waiting.patient:
        return patient == waiting.patient
    return bool(patient) and await people.reached(visit, patient) is not None


async def _question(
    visit: Visit, waiting: Pending, person: Person | None = None, problem: str = ""
) -> Page:
    told = {
        "request": waiting.id,
        "client": waiting.client,
        "groups": groups(visit.language, waiting.scopes, visit.site.oauth.spec),
        "labels": waiting.labels,
        "lasts": _lasts(waiting),
        "people": await _people(visit, waiting, person),
        "needs_patient": waiting.needs_patient,
        "finds": _finds(visit, waiting),
        "problem_key": problem,
        "leads_to": ", ".join(dict.fromkeys(_targets(waiting.client))),
    }
    status = 400 if problem else 200
    return Page("consent", told, status, tuple(dict.fromkeys(_targets(waiting.client))))


async def _people(visit: Visit, waiting: Pending, person: Person | None) -> Sequence[Person]:
    if not waiting.needs_patient:
        return ()
    if waiting.patient:
        fixed = await people.reached(visit, waiting.patient)
        return [fixed or Person(waiting.patient, "")]
    return [*await people.choices(visit), *([person] if person else [])]


def _finds(visit: Visit, waiting: Pending) -> bool:
    """Whether a patient may be looked for: by who treats them, unless the launch names one."""
    treats = visit.signed_in.user.fhir_user.startswith(("Practitioner/", "PractitionerRole/"))
    return treats and waiting.needs_patient and not waiting.patient


def _lasts(waiting: Pending) -> str:
    return "offline" if waiting.offline else "online" if waiting.online else "short"


def _targets(client: Client) -> Iterator[str]:
    """Give where the answer may lead a browser: https://www.w3.org/TR/CSP3/#directive-form-action."""
    for address in client.redirect_uris:
        parts = urlsplit(address)
        web = parts.scheme in ("http", "https")
        source = f"{parts.scheme}://{parts.netloc}" if web else f"{parts.scheme}:"
        if _SOURCE.fullmatch(source):
            yield source
