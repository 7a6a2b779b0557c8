"""The flow of an app for tests: the real ASGI application, a clock that is set, no browser."""

import base64
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import httpx2

from fhir_server.base import Base
from fhir_server.http import oauth as oauth_routes
from fhir_server.http.app import App, Served
from fhir_server.interactions import table
from fhir_server.oauth import authorize, clients, origins, tokens
from fhir_server.oauth.authorize import Approval
from fhir_server.oauth.discovery import security
from fhir_server.oauth.server import OAuth
from fhir_server.operations import OPERATIONS

SITE = "https://test.invalid"
BASE_URL, ISSUER = f"{SITE}/fhir", f"{SITE}/oauth"
BACK = "https://app.example.org/back"
STATE = "a state of sixteen"
SCOPES = "openid fhirUser launch/patient offline_access patient/*.rs"
SECRET = "the secret of a test client"
SECRET_HASH = clients.hashed(SECRET)


@dataclass
class Clock:
    """A clock that is set: `at` seconds since the epoch, monotonic with it."""

    at: int = field(default_factory=lambda: int(time.time()))

    def __call__(self) -> int:
        return self.at

    def monotonic(self) -> float:
        return float(self.at)


@dataclass(frozen=True)
class Smart:
    """An authorization server in front of a FHIR base, and who asks it."""

    oauth: OAuth
    http: httpx2.AsyncClient
    clock: Clock

    def register(self, id_: str, **told: Any) -> None:
        """Register an active client, public where nothing else is told."""
        client = {
            "_id": id_,
            "name": f"App {id_}",
            "kind": "public",
            "redirect_uris": [BACK],
            "scopes": ["launch", *SCOPES.split(), "online_access", "user/*.cruds", "label/HIV"],
            "grant_types": ["authorization_code"],
            "status": "active",
            **told,
        }
        if client["kind"] == "symmetric":
            client["secret"] = SECRET_HASH
        kept = clients.record_of(clients.client_of(client))
        assert self.oauth.records.insert("clients", kept)

    async def authorize(self, client: str, **changed: Any) -> httpx2.Response:
        """Send the browser to the authorization endpoint."""
        query = request(client, **changed)
        return await self.http.get("/oauth/authorize", params=query)

    async def waiting(self, client: str, **changed: Any) -> str:
        """Give the id of a request that waits for its user's answer."""
        answer = await self.authorize(client, **changed)
        assert answer.status_code == 303, answer.text
        where = urlsplit(answer.headers["location"])
        assert where.path == "/sign-in", answer.headers["location"]
        return parse_qs(where.query)["request"][0]

    async def code(self, client: str, verifier: str, approval: Any = None, **changed: Any) -> str:
        """Give the code of a request its user approved."""
        id_ = await self.waiting(client, code_challenge=challenge(verifier), **changed)
        asked = authorize.pending(self.oauth, id_)
        given = approval or approved(*asked.scopes)
        return returned(authorize.approve(self.oauth, id_, given))["code"]

    async def redeem(self, client: str, code: str, verifier: str, **more: Any) -> httpx2.Response:
        """Ask for the tokens of a code."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": BACK,
            "code_verifier": verifier,
            "client_id": client,
            **more,
        }
        return await self.post("token", form)

    async def tokens(self, client: str = "app", approval: Any = None, **changed: Any) -> Any:
        """Give the token answer of the whole flow."""
        verifier = secrets.token_urlsafe(32)
        code = await self.code(client, verifier, approval, **changed)
        auth = self.secret(client)
        answer = await self.redeem(client, code, verifier, **auth)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def refresh(self, client: str, token: str, **more: Any) -> httpx2.Response:
        """Ask for another access token."""
        form = {"grant_type": "refresh_token", "refresh_token": token, "client_id": client}
        return await self.post("token", {**form, **self.secret(client), **more})

    async def post(self, path: str, form: dict[str, Any], **headers: str) -> httpx2.Response:
        """Post a form; `_secret` in it goes as HTTP Basic."""
        fields = {name: value for name, value in form.items() if value is not None}
        secret = fields.pop("_secret", None)
        if secret is not None:
            headers["Authorization"] = basic(fields.pop("client_id"), secret)
        return await self.http.post(f"/oauth/{path}", data=fields, headers=headers)

    def secret(self, client: str) -> dict[str, str]:
        """Give what a symmetric client sends beside the form."""
        kind = self.oauth.records.get("clients", client)["kind"]
        return {"_secret": SECRET} if kind == "symmetric" else {}

    async def get(self, path: str, token: str, **headers: str) -> httpx2.Response:
        """Ask the FHIR base with a token."""
        sent = {"Authorization": f"Bearer {token}", **headers}
        return await self.http.get(f"/fhir/{path}", headers=sent)

    async def good(self, token: str) -> bool:
        """Say whether a token gets past the door."""
        status = (await self.get("Patient/1", token)).status_code
        assert status in (401, 403, 404), status
        return status != 401


def request(client: str, **changed: Any) -> dict[str, str]:
    """Give a good authorization request; None takes a parameter out."""
    fields = {
        "response_type": "code",
        "client_id": client,
        "redirect_uri": BACK,
        "scope": SCOPES,
        "state": STATE,
        "aud": BASE_URL,
        "code_challenge": challenge("v" * 43),
        "code_challenge_method": "S256",
        **changed,
    }
    return {name: value for name, value in fields.items() if value is not None}


def approved(*scopes: str, **changed: Any) -> Approval:
    """Give what a citizen answered for himself."""
    approval = Approval(
        sub="sub-1",
        fhir_user="Patient/1",
        patient="1",
        encounter="",
        scopes=scopes,
        labels=(),
        organisations=(),
        session="session-1",
        auth_time=1,
        acr="2",
    )
    return replace(approval, **changed)


def challenge(verifier: str) -> str:
    """Give the code challenge of a verifier."""
    return base64.urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def returned(location: str) -> dict[str, str]:
    """Give what the app is told by the address the browser comes back to."""
    assert location.startswith(f"{BACK}?"), location
    return dict(parse_qsl(urlsplit(location).query, strict_parsing=True))


def basic(name: str, secret: str) -> str:
    """Give the header of HTTP Basic."""
    return "Basic " + base64.b64encode(f"{name}:{secret}".encode()).decode()


@asynccontextmanager
async def smart(context: Any, records: Any, reading: Any) -> AsyncIterator[Smart]:
    """Give an authorization server over these records, in front of a base with this context."""
    clock = Clock()
    oauth = OAuth(ISSUER, BASE_URL, records, reading, context.current, clock)
    context = context.but(base_url=BASE_URL, security=security(oauth))
    authenticate = tokens.authentication(oauth, clock.monotonic)
    base = Base("/fhir", context, table.build([*OPERATIONS]), authenticate)
    known = origins.registered(oauth, clock.monotonic)

    @asynccontextmanager
    async def opened() -> AsyncIterator[Served]:
        yield Served((base,), (oauth_routes.router(oauth, "/fhir"),), known)

    app = App(opened)
    async with app.other.router.lifespan_context(app.other):
        transport = httpx2.ASGITransport(app=app)
        async with httpx2.AsyncClient(transport=transport, base_url=SITE) as http:
            yield Smart(oauth, http, clock)
