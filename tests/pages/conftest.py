"""The pages over a real authorization server and a real base."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from uuid import uuid4

import pymongo
import pytest

from fhir_server.access.caller import Caller
from fhir_server.base import Base
from fhir_server.fhir.exchange import FhirRequest
from fhir_server.interactions import table
from fhir_server.interactions.dispatch import dispatch
from fhir_server.oauth import clients, users
from fhir_server.oauth.clients import Client
from fhir_server.oauth.server import OAuth, opened
from fhir_server.oauth.users import User
from fhir_server.operations import OPERATIONS
from fhir_server.pages.site import Site
from tests.client import auditing
from tests.pages.browser import CALLBACK, ORIGIN, PASSWORD, Browser, visiting


@pytest.fixture
def origin() -> str:
    """Give where the pages say they are."""
    return ORIGIN


@pytest.fixture
async def oauth(mongodb_uri, fhir, origin) -> AsyncIterator[OAuth]:
    name = f"test_{uuid4().hex}"
    base_url = f"{origin}/fhir"
    async with opened(
        mongodb_uri,
        name,
        issuer=f"{origin}/oauth",
        base_url=base_url,
        current=fhir.context.current,
    ) as server:
        yield server
        with pymongo.timeout(60):
            await asyncio.to_thread(server.records.database.client.drop_database, name)


@pytest.fixture
async def site(oauth, fhir) -> Site:
    async def patient_of(number: str) -> str | None:
        return {"099000000001": "p1"}.get(number)

    return Site(oauth, Base("/fhir", fhir.context, table.build(OPERATIONS)), patient_of)


@pytest.fixture
async def browser(site) -> AsyncIterator[Browser]:
    async with visiting(site) as one:
        yield one


@pytest.fixture
async def citizen(oauth, fhir) -> User:
    """Give a citizen with a record."""
    made = await fhir.put(
        "Patient/p1",
        {
            "resourceType": "Patient",
            "id": "p1",
            "name": [{"text": "Nguyễn Văn An"}],
            "birthDate": "1990-01-01",
        },
    )
    assert made.status_code == 201, made.text
    user = User("citizen", display="Nguyễn Văn An", fhir_user="Patient/p1")
    return await asyncio.to_thread(users.add, oauth.records, user, PASSWORD)


@pytest.fixture
async def operator(oauth) -> User:
    """Give an operator, who has no record."""
    user = User("operator", display="An operator", roles=("operator",))
    return await asyncio.to_thread(users.add, oauth.records, user, PASSWORD)


@pytest.fixture
def app_name() -> str:
    """Give a name as hostile as a name may be."""
    return "<b>Sổ & Khám</b>"


@pytest.fixture
def app(oauth, app_name) -> Client:
    """Give an app that was let in."""
    client = Client(
        id="",
        name=app_name,
        kind="public",
        redirect_uris=(CALLBACK,),
        scopes=(
            "patient/*.cruds",
            "user/*.rs",
            *("openid", "fhirUser", "launch", "launch/patient", "offline_access", "online_access"),
            *("label/HIV", "label/PSY"),
        ),
        contacts=("dev@app.example.org",),
        clearance=("HIV",),
        status="active",
    )
    return clients.add(oauth, client)[0]


@pytest.fixture
async def looked(site, fhir, citizen, app) -> None:
    """Let an app look at the citizen's record, and at somebody else's."""
    store = fhir.context.store
    store.watch = replace(store.watch, audit=auditing(store, fhir.context.spec))
    other = {"resourceType": "Patient", "id": "p2", "name": [{"text": "Another"}]}
    assert (await fhir.put("Patient/p2", other)).status_code == 201
    for patient in ("p1", "p2"):
        caller = Caller(name="x", client=app.id, scopes=("system/*.rs",), token=f"t-{patient}")
        context = fhir.context.but(caller=caller)
        answer = await dispatch(site.base.routes, context, FhirRequest("GET", f"Patient/{patient}"))
        assert answer.status == 200
