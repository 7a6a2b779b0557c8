"""The endpoints of the authorization server asked with odd input: never a 5xx, never an echo."""

import asyncio
import random
from urllib.parse import quote_from_bytes

import pytest

from fhir_server.fhir.errors import Gone
from fhir_server.oauth import authorize
from tests.oauth.flow import BACK, approved, basic, request, returned

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
POSTED = ["authorize", "token", "revoke", "introspect", "launch", "par", "register"]
NAMES = [*request("app"), "grant_type", "code", "token", "refresh_token", "code_verifier", "launch"]
NAMES += ["request_uri", "request", "client_secret", "client_assertion", "dpop_jkt", "prompt", "x"]
CANARY = "<b>canary</b>"
ODD = [
    b"",
    b"$ne",
    b'{"$gt":""}',
    b"\x00",
    b"\xff\xfe",
    b"\r\nLocation: https://evil.example",
    CANARY.encode(),
    b'"\\',
    "ß\u202e\U0001f600".encode(),
    b"a" * 9_000,
    b"9" * 400,
    b"authorization_code",
    b"refresh_token",
    b"client_credentials",
    b"app",
    b"clinic",
    BACK.encode(),
    b"openid patient/*.rs",
]
HEADERS = [
    {},
    {"Authorization": basic("app", CANARY)},
    {"Authorization": "Basic \u00e9"},
    {"Authorization": "Bearer " + "x" * 9_000},
    {"Authorization": "Basic"},
    {"DPoP": "a.b.c"},
    {"Origin": "null"},
]


def odd(seed):
    """Give a form whose fields are good or odd, by a seed."""
    die = random.Random(seed)
    good = {name: value.encode() for name, value in request("app").items()}
    names = die.sample(NAMES, die.randint(0, len(NAMES)))
    fields = {name: value for name, value in good.items() if die.random() < 0.7}
    fields |= {name: die.choice(ODD) for name in names if die.random() < 0.5}
    pairs = list(fields.items())
    if pairs and die.random() < 0.1:
        pairs.append(die.choice(pairs))
    text = "&".join(f"{name}={quote_from_bytes(value)}" for name, value in pairs).encode()
    if die.random() < 0.1 and text:
        at = die.randrange(len(text))
        text = text[:at] + die.randbytes(3) + text[at:]
    return text, die.choice(HEADERS)


@pytest.mark.parametrize("endpoint", POSTED)
async def test_odd_forms_end_in_an_error_the_client_can_read(smart, endpoint):
    for seed in range(60):
        text, headers = odd(f"{endpoint} {seed}")
        raw = {name.encode(): value.encode() for name, value in {**FORM, **headers}.items()}
        answer = await smart.http.post(f"/oauth/{endpoint}", content=text, headers=raw)
        assert answer.status_code < 500, (endpoint, seed)
        assert CANARY not in answer.text, (endpoint, seed)
        assert "\n" not in answer.headers.get("location", "")
        where = answer.headers.get("location", BACK)
        assert where.startswith((BACK, "https://test.invalid/sign-in?")), (endpoint, seed)


async def test_odd_queries_end_in_an_error_too(smart):
    for seed in range(60):
        text, _ = odd(f"query {seed}")
        query = "".join(
            one if one.isascii() and one.isprintable() else "?" for one in text.decode("latin-1")
        )
        answer = await smart.http.get(f"/oauth/authorize?{query[:9_000]}")
        assert answer.status_code < 500, seed
        assert CANARY not in answer.text


async def test_a_consent_sent_many_times_at_once_makes_one_code(smart):
    id_ = await smart.waiting("app")

    def answered():
        try:
            return returned(authorize.approve(smart.oauth, id_, approved("patient/*.rs")))["code"]
        except Gone:
            return None

    codes = await asyncio.gather(*(asyncio.to_thread(answered) for _ in range(16)))
    assert len([code for code in codes if code]) == 1
    assert len(smart.oauth.records.find("grants", {})) == 1
