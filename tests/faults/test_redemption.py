"""Codes, assertions and refresh tokens redeemed by many at once, over two worker processes.

Of a code, an assertion's jti and a public client's refresh token exactly one redemption holds; a
second use of the first and the last ends what the winner got. A confidential client keeps its
refresh token, and all who use it are answered.
"""

import asyncio
import json
import secrets
import time
from base64 import urlsafe_b64encode
from hashlib import sha256
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey

from fhir_server.interactions.current import Current
from fhir_server.oauth import authorize, clients, grants, keys
from fhir_server.oauth.clients import Client
from fhir_server.oauth.server import opened
from tests.faults.processes import serving

AT_ONCE = 64
REDIRECT = "https://app.example.org/callback"
SCOPES = "launch/patient patient/*.rs offline_access"
KEY = ECKey.generate_key("P-384", {"kid": "of-the-test", "use": "sig", "alg": "ES384"})


class Door:
    """A served authorization server, and the same one opened here for what its users would do."""

    def __init__(self, url, oauth):
        self.url = url
        self.oauth = oauth
        limits = httpx2.Limits(max_connections=AT_ONCE, max_keepalive_connections=0)
        self.http = httpx2.AsyncClient(base_url=url, timeout=60, limits=limits)

    async def code(self, client):
        """Let a user approve; give the code and its verifier."""
        verifier = secrets.token_urlsafe(48)
        asked = {
            "response_type": "code",
            "client_id": client,
            "redirect_uri": REDIRECT,
            "scope": SCOPES,
            "state": secrets.token_urlsafe(16),
            "aud": f"{self.url}/fhir",
            "code_challenge": urlsafe_b64encode(sha256(verifier.encode()).digest())
            .rstrip(b"=")
            .decode(),
            "code_challenge_method": "S256",
        }
        sent = await self.http.get("/oauth/authorize", params=asked)
        request = parse_qs(urlsplit(sent.headers["location"]).query)["request"][0]
        approval = authorize.Approval(
            sub="somebody", fhir_user="Patient/1", patient="1", encounter="",
            scopes=tuple(SCOPES.split()), labels=(), organisations=(), session="",
            auth_time=int(time.time()), acr="",
        )  # fmt: skip
        back = await asyncio.to_thread(authorize.approve, self.oauth, request, approval)
        return parse_qs(urlsplit(back).query)["code"][0], verifier

    async def redeemed(self, client, code, verifier, secret=None):
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": REDIRECT,
            "code_verifier": verifier,
        }
        return await self._token(form, client, secret)

    async def refreshed(self, client, token, secret=None):
        return await self._token(
            {"grant_type": "refresh_token", "refresh_token": token}, client, secret
        )

    async def asserted(self, client, assertion):
        kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
        form = {
            "grant_type": "client_credentials",
            "scope": "system/Patient.rs",
            "client_assertion_type": kind,
            "client_assertion": assertion,
        }
        return await self._token(form, client, None, named=False)

    async def ended(self, token):
        """Wait until the FHIR API takes a token no more; give the seconds, at most two."""
        began = time.monotonic()
        while time.monotonic() < began + 2:
            answers = await asyncio.gather(
                *(
                    self.http.get("/fhir/Patient/1", headers={"Authorization": f"Bearer {token}"})
                    for _ in range(4)
                )
            )
            if {one.status_code for one in answers} == {401}:
                break
        return time.monotonic() - began

    async def _token(self, form, client, secret, *, named=True):
        if secret:
            return await self.http.post("/oauth/token", data=form, auth=(client, secret))
        told = {"client_id": client} if named else {}
        return await self.http.post("/oauth/token", data={**form, **told})


@pytest.fixture
async def door(tmp_path, spec):
    options = ("--workers", "2", "--auth", "smart")
    with serving(
        tmp_path / "server", *options, rate_address=0, rate_client=0, rate_sign_in=0
    ) as server:
        uri = (server.folder / "mongodb" / "uri").read_text().strip()
        urls = {"issuer": f"{server.url}/oauth", "base_url": f"{server.url}/fhir"}
        async with opened(uri, "fhir_oauth", current=Current(spec), **urls) as oauth:
            made = Door(server.url, oauth)
            yield made
            await made.http.aclose()
        workers = {line["pid"] for line in lines(server) if line["event"] == "request"}
        assert len(workers) == 2, "one worker alone answered"


def lines(server):
    return [json.loads(one) for one in server.log.splitlines() if one.startswith("{")]


def registered(oauth, **what):
    client, secret = clients.add(
        oauth,
        Client(id="", status="active", redirect_uris=(REDIRECT,), **what),
    )
    return client.id, secret


def won(answers):
    good = [one for one in answers if one.status_code == 200]
    assert all(one.status_code in (200, 400, 401) for one in answers)
    assert len(good) == 1, [one.status_code for one in answers]
    return good[0].json()


@pytest.mark.parametrize(
    "rounds", [2, pytest.param(100, marks=pytest.mark.long)], ids=["short", "long"]
)
async def test_of_64_redemptions_one_holds_and_a_replay_ends_what_it_got(door, rounds):
    grants = ("authorization_code", "refresh_token")
    scopes = tuple(SCOPES.split())
    public, _ = registered(
        door.oauth, name="Sample", kind="public", grant_types=grants, scopes=scopes
    )
    secret_client, secret = registered(
        door.oauth, name="Hospital portal", kind="symmetric", grant_types=grants, scopes=scopes
    )
    backend, _ = registered(
        door.oauth, name="Lake", kind="asymmetric", grant_types=("client_credentials",),
        scopes=("system/Patient.rs",), jwks={"keys": [KEY.as_dict(private=False)]},
    )  # fmt: skip
    for _ in range(rounds):
        await once_a_code(door, public)
        await once_a_refresh(door, public)
        await once_a_jti(door, backend)
        await always_a_confidential_refresh(door, secret_client, secret)
    await soon_ended_by_a_command(door, public)
    await at_once_a_new_key(door)


async def soon_ended_by_a_command(door, client):
    """A process of neither worker ends what a client was given, as `clients disable` does."""
    code, verifier = await door.code(client)
    token = (await door.redeemed(client, code, verifier)).json()["access_token"]
    asked = {"Authorization": f"Bearer {token}"}
    known = [door.http.get("/fhir/Patient/1", headers=asked) for _ in range(4)]
    assert 401 not in {one.status_code for one in await asyncio.gather(*known)}
    await asyncio.to_thread(grants.end, door.oauth, "client", client)
    assert await door.ended(token) < 1


async def at_once_a_new_key(door):
    await asyncio.to_thread(keys.rotate, door.oauth)
    published = await asyncio.gather(*(door.http.get("/oauth/jwks") for _ in range(8)))
    newest = {one["kid"] for one in keys.published(door.oauth)["keys"]}
    assert all({one["kid"] for one in each.json()["keys"]} == newest for each in published)


async def once_a_code(door, client):
    code, verifier = await door.code(client)
    tokens = won(
        await asyncio.gather(*(door.redeemed(client, code, verifier) for _ in range(AT_ONCE)))
    )
    assert await door.ended(tokens["access_token"]) < 1
    assert (await door.refreshed(client, tokens["refresh_token"])).status_code == 400


async def once_a_refresh(door, client):
    code, verifier = await door.code(client)
    first = (await door.redeemed(client, code, verifier)).json()
    answers = await asyncio.gather(
        *(door.refreshed(client, first["refresh_token"]) for _ in range(AT_ONCE))
    )
    tokens = won(answers)
    assert await door.ended(tokens["access_token"]) < 1
    assert await door.ended(first["access_token"]) < 1
    assert (await door.refreshed(client, tokens["refresh_token"])).status_code == 400


async def once_a_jti(door, client):
    url, now = f"{door.url}/oauth/token", int(time.time())
    claims = {"iss": client, "sub": client, "aud": url, "exp": now + 240, "iat": now}
    claims["jti"] = secrets.token_urlsafe(16)
    header = {"alg": "ES384", "kid": "of-the-test", "typ": "JWT"}
    assertion = jwt.encode(header, claims, KEY, algorithms=["ES384"])
    won(await asyncio.gather(*(door.asserted(client, assertion) for _ in range(AT_ONCE))))


async def always_a_confidential_refresh(door, client, secret):
    code, verifier = await door.code(client)
    first = (await door.redeemed(client, code, verifier, secret)).json()
    answers = await asyncio.gather(
        *(door.refreshed(client, first["refresh_token"], secret) for _ in range(AT_ONCE))
    )
    assert {one.status_code for one in answers} == {200}
    digests = [sha256(one.json()["access_token"].encode()).hexdigest() for one in answers]
    families = {door.oauth.records.get("tokens", one)["grant"] for one in digests}
    assert len(digests) == AT_ONCE
    assert len(families) == 1
