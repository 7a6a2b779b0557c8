"""Registering an app, and the operator's word on it."""

import asyncio
from dataclasses import replace
import re

import pytest

from fhir_server.oauth import clients
from fhir_server.pages.developers import KINDS
from tests.pages.browser import CALLBACK, token

APP = [
    ("client_name", "Sổ của tôi"),
    ("kind", "public"),
    ("redirect_uris", f"{CALLBACK}\r\nhttp://127.0.0.1:3000/callback"),
    ("scope", "launch/patient\r\npatient/Observation.rs"),
    ("contacts", "dev@app.example.org"),
    ("initiate_login_uri", ""),
    ("jwks_uri", ""),
]


@pytest.fixture
async def developer(browser, citizen):
    """Give the browser of somebody who has signed in."""
    await browser.sign_in("citizen")
    return browser


def but(**changed: str) -> list[tuple[str, str]]:
    return [(name, changed.get(name, value)) for name, value in APP]


async def waiting(browser):
    return await asyncio.to_thread(clients.listed, browser.site.oauth, "pending")


async def test_an_app_is_registered_and_waits(developer):
    answer = await developer.answer("developers", "developers", *APP)
    assert answer.status_code == 200, answer.text
    (client,) = await waiting(developer)
    assert client.id in answer.text
    assert client.redirect_uris == (CALLBACK, "http://127.0.0.1:3000/callback")
    assert set(client.scopes) == {"launch/patient", "patient/Observation.rs"}
    assert (client.kind, client.confidential) == ("public", False)


async def test_a_secret_is_shown_once_and_kept_by_its_hash(developer):
    answer = await developer.answer("developers", "developers", *but(kind="symmetric"))
    secret = re.search(r"client_secret\)</dt>\s*<dd><code>([^<]+)<", answer.text)
    assert secret
    (client,) = await waiting(developer)
    assert secret[1] not in client.secret
    assert secret[1] not in (await developer.get("developers")).text


async def test_a_system_registers_with_a_key_and_scopes_of_its_own(developer):
    fields = but(
        kind="system",
        redirect_uris="",
        scope="system/Observation.rs",
        jwks_uri="https://app.example.org/jwks",
    )
    answer = await developer.answer("developers", "developers", *fields)
    assert answer.status_code == 200, answer.text
    (client,) = await waiting(developer)
    assert client.grant_types == ("client_credentials",)


async def test_what_cannot_be_registered_is_told_and_the_form_keeps_what_was_typed(developer):
    for changed in (
        {"redirect_uris": "javascript:alert(1)"},
        {"redirect_uris": "https://*.example.org/"},
        {"redirect_uris": "http://app.example.org/"},
        {"redirect_uris": ""},
        {"scope": "system/*.cruds"},
        {"scope": "patient/Observation.sr"},
        {"scope": ""},
        {"client_name": ""},
        {"kind": "asymmetric"},
        {"jwks_uri": "https://app.example.org/jwks"},
    ):
        answer = await developer.answer("developers", "developers", *but(**changed))
        assert answer.status_code == 400, changed
        assert 'role="alert"' in answer.text
        assert "dev@app.example.org" in answer.text
    assert await waiting(developer) == []


async def test_more_than_a_few_an_hour_are_not_taken(developer):
    answers = [
        (await developer.answer("developers", "developers", *but(client_name=""))).status_code
        for _ in range(12)
    ]
    assert answers == [*[400] * 10, 429, 429]


async def test_a_kind_there_is_not_is_refused(developer):
    answer = await developer.answer("developers", "developers", *but(kind="implicit"))
    assert answer.status_code == 400
    assert set(KINDS) == {"public", "symmetric", "asymmetric", "system"}


async def test_an_operator_lets_an_app_in(developer, operator):
    await developer.answer("developers", "developers", *APP)
    (client,) = await waiting(developer)
    await developer.answer("apps", "sign-out")
    await developer.sign_in("operator")
    page = await developer.get("review?lang=en")
    assert "Sổ của tôi" in page.text
    assert "Results of tests, measurements and examinations: see" in page.text
    fields = [("csrf", token(page)), ("id", client.id), ("version", "0"), ("do", "approve")]
    assert (await developer.post("review", fields)).status_code == 303
    approved = await asyncio.to_thread(clients.get, developer.site.oauth, client.id)
    assert (approved.status, approved.note) == ("active", f"approve by {operator.sub}")
    late = await developer.post("review", [*fields[:3], ("do", "reject")])
    assert late.status_code == 409


async def test_what_an_app_changed_since_it_was_looked_at_is_not_let_in(developer, operator):
    await developer.answer("developers", "developers", *APP)
    (client,) = await waiting(developer)
    await developer.answer("apps", "sign-out")
    await developer.sign_in("operator")
    page = await developer.get("review")
    fields = [("csrf", token(page)), ("id", client.id), ("do", "approve")]
    await asyncio.to_thread(clients.update, developer.site.oauth, replace(client, version=1), 0)
    for version in ("0", "", "x"):
        answer = await developer.post("review", [*fields, ("version", version)])
        assert answer.status_code in {400, 409}
    assert (await waiting(developer))[0].status == "pending"


async def test_nobody_else_decides(developer):
    await developer.answer("developers", "developers", *APP)
    (client,) = await waiting(developer)
    page = await developer.get("apps")
    fields = [("csrf", token(page)), ("id", client.id), ("version", "0"), ("do", "approve")]
    assert (await developer.post("review", fields)).status_code == 403
    assert await waiting(developer) == [client]


async def test_a_decision_there_is_not_is_refused(browser, operator):
    await browser.sign_in("operator")
    for decision in ("", "suspend", "delete"):
        answer = await browser.answer("review", "review", ("id", "c"), ("do", decision))
        assert answer.status_code == 400


async def test_emergency_access_waits_until_somebody_has_looked_at_it(browser, fhir, operator):
    database = fhir.context.store.database
    opened = {"ts": 1, "user": "Practitioner/d1", "client": "c", "patient": "p1", "until": 2}
    row = {"_id": "r1", **opened, "reason": "unconscious <b>", "by": "", "reviewed": 0}
    await database["reviews"].insert_one(row)
    await browser.sign_in("operator")
    page = await browser.get("review")
    assert "unconscious &lt;b&gt;" in page.text
    answer = await browser.answer("review", "review", ("id", "r1"), ("do", "seen"))
    assert answer.status_code == 303
    assert "unconscious" not in (await browser.get("review")).text
    (kept,) = await database["reviews"].find({}).to_list()
    assert kept["by"] == operator.sub
