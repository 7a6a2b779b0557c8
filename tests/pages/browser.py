"""A browser without a window: keeps cookies, follows nothing, sends forms as browsers do."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from html import unescape
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx2
from fastapi import FastAPI

from fhir_server.http import oauth as oauth_routes
from fhir_server.oauth import authorize
from fhir_server.oauth.clients import Client
from fhir_server.pages.router import refused, router
from fhir_server.pages.site import Site

ORIGIN = "http://127.0.0.1:8080"
PASSWORD = "correct horse battery staple"
CALLBACK = "https://app.example.org/callback"
FORM = "application/x-www-form-urlencoded"


@dataclass(repr=False)
class Browser:
    """Asks the pages of one site."""

    http: httpx2.AsyncClient
    site: Site

    async def get(self, path: str, **headers: str) -> httpx2.Response:
        return await self.http.get(f"/{path}", headers=headers)

    async def post(self, path: str, fields: list[tuple[str, str]], **headers: str):
        sent = {"Origin": ORIGIN, "Content-Type": FORM, **headers}
        return await self.http.post(f"/{path}", content=urlencode(fields), headers=sent)

    async def answer(self, page: str, path: str, *fields: tuple[str, str]) -> httpx2.Response:
        """Send a form of a page just looked at, with the token it carries."""
        shown = await self.get(page)
        assert shown.status_code == 200, shown.text
        return await self.post(path, [("csrf", token(shown)), *fields])

    async def sign_in(self, name: str, password: str = PASSWORD) -> httpx2.Response:
        fields = [("username", name), ("password", password)]
        return await self.answer("sign-in", "sign-in", *fields)


async def asked(site: Site, client: Client, scope: str, **more: str) -> str:
    """Let an app ask; give the id of its request as the pages see it."""
    fields = {
        "response_type": "code",
        "client_id": client.id,
        "redirect_uri": CALLBACK,
        "scope": scope,
        "state": "a state of more than sixteen",
        "aud": site.oauth.base_url,
        "code_challenge": "c" * 43,
        "code_challenge_method": "S256",
        **more,
    }
    answer = await asyncio.to_thread(authorize.answer, site.oauth, tuple(fields.items()))
    address = dict(answer.headers)["Location"]
    assert "/sign-in?" in address, (answer.body, address)
    return parse_qs(urlsplit(address).query)["request"][0]


def token(page: httpx2.Response) -> str:
    """Give the token the forms of a page carry."""
    found = re.search(r'name="csrf" value="([^"]+)"', page.text)
    assert found, page.text
    return unescape(found[1])


@asynccontextmanager
async def visiting(site: Site) -> AsyncIterator[Browser]:
    """Give a browser of its own."""
    app = FastAPI()
    app.include_router(oauth_routes.router(site.oauth, "/fhir", partial(refused, site)))
    app.include_router(router(site))
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url=ORIGIN) as http:
        yield Browser(http, site)
