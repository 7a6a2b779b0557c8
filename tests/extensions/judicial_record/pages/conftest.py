"""The pages of an issuing system: its base, its authorization server, a browser."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from functools import partial
from uuid import uuid4

import httpx2
import pytest
from fastapi import FastAPI

from extensions.judicial_record.dossier import operations as dossier
from extensions.judicial_record.dossier.application import row
from extensions.judicial_record.dossier.desk import Desk, Issued
from extensions.judicial_record.office import Office
from extensions.judicial_record.pages import rows
from extensions.judicial_record.plugin import OFFERED
from extensions.judicial_record.sources import importing, matching
from extensions.judicial_record.verifying import disclose, passcode, verify
from fhir_server.base import Base
from fhir_server.fhir.dates import SECOND
from fhir_server.interactions import table
from fhir_server.oauth import sessions, users
from fhir_server.oauth.server import OAuth
from fhir_server.oauth.server import opened as opened_oauth
from fhir_server.oauth.users import User
from fhir_server.pages.router import ENTRANCE, router
from fhir_server.pages.site import Site
from tests.extensions.judicial_record.verifying import conftest as checking
from tests.extensions.judicial_record.verifying.conftest import Legal, blind
from tests.pages.browser import ORIGIN, Browser, token
from tests.records import drop

cheap, opened, legal = checking.cheap, checking.opened, checking.legal
ISSUER = "issuer-99"
USERS = (
    User("holder", display="NGUYỄN VĂN THỬ", fhir_user="Person/p1"),
    User("neighbour", display="TRẦN THỊ MẪU", fhir_user="Person/p2"),
    User("clerk", fhir_user="Practitioner/o1", organisations=(ISSUER,), roles=("clerk",)),
    User("signer", fhir_user="Practitioner/o2", organisations=(ISSUER,), roles=("signer",)),
    User("stranger", fhir_user="Practitioner/o3", organisations=("another",), roles=("clerk",)),
)


@pytest.fixture(scope="module")
async def oauth(mongodb_uri, opened) -> AsyncIterator[OAuth]:
    name = f"test_{uuid4().hex}"
    async with opened_oauth(
        mongodb_uri,
        name,
        issuer=f"{ORIGIN}/legal/oauth",
        base_url=opened.context.base_url,
        current=opened.context.current,
    ) as server:
        for user in USERS:
            await asyncio.to_thread(users.add, server.records, user)
            kind, id_ = user.fhir_user.split("/")
            if kind == "Practitioner":
                await opened.put({"resourceType": kind, "id": id_})
        yield replace(server, clock=lambda: opened.clock.now // SECOND)
        await asyncio.to_thread(drop, server.records)


@pytest.fixture
def office(legal: Legal) -> Office:
    """Give the office without any source record."""
    for kind in importing.KINDS:
        legal.records.remove(kind, {})
    return legal.gate.office


@pytest.fixture
async def browser(oauth, legal: Legal, office: Office) -> AsyncIterator[Browser]:
    """Give a browser of the second site of a server."""

    async def issue(*_):
        certificate = {"reference": "JudicialRecordCertificate/c1"}
        return Issued((), [row("certificate", "valueReference", certificate)])

    gate = replace(legal.gate, office=office)
    desk = Desk(office, partial(matching.check, office), issue, blind)
    ours = [one.operation(gate) for one in (verify, disclose, passcode)]
    routes = table.build([*ours, *dossier.operations(desk)], OFFERED)
    base = Base("/legal/fhir", legal.context, routes)

    async def nobody(_):
        return None

    site = Site(oauth, base, nobody, prefix=rows.PREFIX, guest=rows.PACKAGE, menu=rows.MENU)
    app = FastAPI()
    app.include_router(router(site, rows.rows(gate), ENTRANCE))
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url=ORIGIN) as http:
        yield Browser(http, site)


async def signed_in(browser: Browser, name: str) -> None:
    """Let somebody be signed in, whoever was before."""
    oauth = browser.site.oauth
    user = await asyncio.to_thread(users.get, oauth.records, name)
    assert user
    start = partial(sessions.start, oauth, user, auth_time=oauth.clock())
    browser.http.cookies.clear()
    cookie = await asyncio.to_thread(start)
    browser.http.cookies.set("legal-session", cookie, domain="127.0.0.1")


async def sent(browser: Browser, path: str, **fields: str) -> httpx2.Response:
    """Send a form of a page just looked at."""
    page = await browser.get(f"legal/{path}?lang=en")
    return await browser.post(f"legal/{path}", [("csrf", token(page)), *fields.items()])
