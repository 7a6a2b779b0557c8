"""Signing in at an identity provider, as a browser walks it."""

from contextlib import asynccontextmanager
from dataclasses import replace
from urllib.parse import quote

import httpx2
import pytest
from fastapi import FastAPI

from fhir_server.oauth import users
from fhir_server.pages import federation
from fhir_server.pages.citizens import patient_of
from fhir_server.pages.router import router
from tests.oauth.provider import ISSUER, OURS, Mock
from tests.pages.browser import ORIGIN, Browser

SYSTEM = "http://example.org/sid/citizen"
NUMBER = "099000000001"


@pytest.fixture
def mock():
    return Mock()


@pytest.fixture
async def browser(site, mock):
    mock.clock = site.oauth.clock
    async with visiting(site, mock) as one:
        yield one


@asynccontextmanager
async def visiting(site, mock):
    app = FastAPI()
    here = replace(site, federated=federation.THERE)
    app.include_router(router(here, federation.rows(mock.provider())))
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url=ORIGIN) as http:
        yield Browser(http, here)


async def walk(browser, mock, request="", **given):
    """Go there and come back; give the last answer."""
    await browser.get("sign-in")
    there = await browser.get(f"{federation.THERE}?request={request}")
    assert there.status_code == 303, there.text
    answer = mock.signs_in(there.headers["location"], **given)
    return await browser.http.get(f"/{federation.BACK}", params=answer)


async def test_the_sign_in_page_leads_there(browser):
    page = await browser.get("sign-in?request=r1")
    assert f'href="{federation.THERE}?request=r1"' in page.text


async def test_a_citizen_comes_back_signed_in_and_is_led_on(browser, mock):
    back = await walk(browser, mock)
    assert (back.status_code, back.headers["location"]) == (303, "apps")
    assert (await browser.get("apps")).status_code == 200
    cookie = back.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie


async def test_what_an_app_asked_for_goes_on_after_the_sign_in(browser, mock):
    back = await walk(browser, mock, "r1")
    assert back.headers["location"] == "consent?request=r1"


async def test_each_sign_in_has_a_new_session_and_ends_the_one_before(browser, mock):
    first = (await walk(browser, mock)).cookies["session"]
    there = await browser.get(federation.THERE)
    answer = mock.signs_in(there.headers["location"])
    second = (await browser.http.get(f"/{federation.BACK}", params=answer)).cookies["session"]
    assert first != second
    browser.http.cookies.clear()
    browser.http.cookies.set("session", first, domain="127.0.0.1")
    assert (await browser.get("apps")).status_code == 303


async def test_an_answer_brought_to_another_browser_signs_nobody_in(browser, site, mock):
    await browser.get("sign-in")
    there = await browser.get(federation.THERE)
    answer = mock.signs_in(there.headers["location"])
    async with visiting(site, mock) as victim:
        await victim.get("sign-in")
        back = await victim.http.get(f"/{federation.BACK}", params=answer)
        assert back.status_code == 403
        assert "session" not in back.cookies


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"number": "099000000002"}, "not exactly one health record"),
        ({"state": "another"}, "begin again"),
        ({"iss": "https://other.example"}, "can be trusted"),
        ({"code": None, "error": "access_denied"}, "You said no"),
    ],
)
async def test_who_is_not_signed_in_is_told_why_and_what_to_do(browser, mock, given, words):
    browser.http.headers["Accept-Language"] = "en"
    back = await walk(browser, mock, **given)
    assert back.status_code == 403
    assert words in back.text
    assert "session" not in back.cookies


async def test_a_level_too_low_and_a_disabled_user_are_told(browser, mock, oauth):
    browser.http.headers["Accept-Language"] = "en"
    mock.claims = {"acr": "1"}
    assert "higher level" in (await walk(browser, mock)).text
    mock.claims = {}
    assert (await walk(browser, mock)).status_code == 303
    [user] = users.listed(oauth.records)
    users.disable(oauth, user.username)
    assert "may not sign in" in (await walk(browser, mock)).text


@pytest.mark.parametrize("query", ["state=a&state=b", "state=%00", "state=%ff", "code=c", ""])
async def test_an_odd_answer_is_a_page_that_says_so(browser, query):
    back = await browser.get(f"{federation.BACK}?{query}")
    assert back.status_code in (400, 403)
    assert "<h1>" in back.text


async def test_an_odd_question_is_refused_before_anything_is_kept(browser, oauth):
    assert (await browser.get(f"{federation.THERE}?request={'r' * 300}")).status_code == 400
    assert (await browser.get(f"{federation.THERE}?request=a&request=b")).status_code == 400
    assert oauth.records.find("federations", {}) == []


async def test_nothing_of_the_answer_is_reflected(browser, mock):
    back = await browser.get(f"{federation.BACK}?state=CANARY&code=CANARY&error=CANARY&iss=CANARY")
    assert "CANARY" not in back.text
    assert "CANARY" not in str(back.headers)


@pytest.fixture
async def finder(site):
    return patient_of(site.base, SYSTEM)


async def keep(fhir, id_, number, **more):
    patient = {"resourceType": "Patient", "id": id_, **more}
    patient["identifier"] = [{"system": SYSTEM, "value": number}]
    assert (await fhir.put(f"Patient/{id_}", patient)).status_code in (200, 201)


async def test_the_one_patient_with_a_number_is_found(fhir, finder):
    await keep(fhir, "a", NUMBER)
    assert await finder(NUMBER) == "a"
    assert await finder("099000000002") is None


async def test_of_several_none_is_taken_until_they_are_merged(fhir, finder):
    await keep(fhir, "a", NUMBER)
    await keep(fhir, "b", NUMBER)
    assert await finder(NUMBER) is None
    await keep(fhir, "b", NUMBER, active=False)
    assert await finder(NUMBER) == "a"


@pytest.mark.parametrize(
    "number", ["", "0", f"{NUMBER},1", f"{NUMBER}|x", "a\\,b", "*", "$ne" * 4, "٠٩٩٠٠٠٠٠٠٠٠١"]
)
async def test_what_is_no_number_finds_nobody(fhir, finder, number):
    await keep(fhir, "a", NUMBER)
    assert await finder(number) is None


async def test_the_redirect_goes_to_the_issuer_of_the_settings_only(browser, mock):
    await browser.get("sign-in")
    there = await browser.get(federation.THERE, Host="evil.example")
    location = there.headers["location"]
    assert location.startswith(f"{ISSUER}/authorize?")
    assert f"redirect_uri={quote(OURS.redirect_uri, safe='')}" in location
    assert "evil" not in location
