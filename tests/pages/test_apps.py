"""My connected apps: what was granted, taken back at once, by nobody but the one who gave it."""

import asyncio

import pytest

from fhir_server.oauth import authorize, grants, users
from fhir_server.oauth.authorize import Approval
from fhir_server.oauth.users import User
from tests.pages.browser import PASSWORD, asked, token

SCOPES = ("launch/patient", "patient/Observation.rs", "offline_access")


@pytest.fixture
async def grant(site, citizen, app):
    """Give a grant of the citizen's; the app has taken its code."""
    request = await asked(site, app, " ".join(SCOPES))
    approval = Approval(
        sub=citizen.sub,
        fhir_user=citizen.fhir_user,
        patient="p1",
        encounter="",
        scopes=SCOPES,
        labels=(),
        organisations=(),
        session="s",
        auth_time=site.oauth.clock(),
        acr="1",
    )
    await asyncio.to_thread(authorize.approve, site.oauth, request, approval)
    (made,) = await asyncio.to_thread(grants.of_user, site.oauth, citizen.sub)
    return made


async def test_what_was_granted_is_listed_in_plain_words(browser, citizen, grant):
    await browser.sign_in("citizen")
    page = await browser.get("apps?lang=en")
    assert "&lt;b&gt;Sổ &amp; Khám&lt;/b&gt;" in page.text
    assert "Results of tests, measurements and examinations: see" in page.text
    assert "Nguyễn Văn An" in page.text
    assert f'value="{grant.id}"' in page.text


async def test_a_grant_taken_back_is_gone(browser, site, citizen, grant):
    await browser.sign_in("citizen")
    answer = await browser.answer("apps", "apps", ("grant", grant.id))
    assert (answer.status_code, answer.headers["location"]) == (303, "apps")
    assert grant.id not in (await browser.get("apps")).text
    assert await asyncio.to_thread(grants.of_user, site.oauth, citizen.sub) == []


async def test_a_grant_of_somebody_else_is_neither_seen_nor_ended(browser, site, citizen, grant):
    await asyncio.to_thread(users.add, site.oauth.records, User("other"), PASSWORD)
    await browser.sign_in("other")
    page = await browser.get("apps")
    assert grant.id not in page.text
    for id_ in (grant.id, "nothing", ""):
        answer = await browser.post("apps", [("csrf", token(page)), ("grant", id_)])
        assert answer.status_code == 303
    assert await asyncio.to_thread(grants.of_user, site.oauth, citizen.sub) == [grant]
