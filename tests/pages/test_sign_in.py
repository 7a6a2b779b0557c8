"""Sign in and out: one answer for whatever was wrong, a new session each time."""

import re

from tests.pages.browser import ORIGIN, PASSWORD, token


async def test_a_page_of_ones_own_asks_to_sign_in_first(browser):
    for page in ("apps", "access-log", "developers", "review"):
        answer = await browser.get(page)
        assert (answer.status_code, answer.headers["location"]) == (303, f"sign-in?to={page}")


async def test_the_right_password_opens_a_session_and_leads_on(browser, citizen):
    answer = await browser.sign_in("citizen")
    assert (answer.status_code, answer.headers["location"]) == (303, "apps")
    assert (await browser.get("apps")).status_code == 200


async def test_a_page_asked_for_before_is_where_one_is_led(browser, citizen):
    answer = await browser.answer(
        "sign-in?to=access-log",
        "sign-in",
        ("to", "access-log"),
        ("username", "citizen"),
        ("password", PASSWORD),
    )
    assert answer.headers["location"] == "access-log"


async def test_nobody_is_led_elsewhere(browser, citizen):
    for to in ("https://evil.example", "//evil.example", "/x", "sign-out", "../"):
        browser.http.cookies.clear()
        fields = [("to", to), ("username", "citizen"), ("password", PASSWORD)]
        answer = await browser.answer("sign-in", "sign-in", *fields)
        assert answer.headers["location"] == "apps"


async def test_a_wrong_password_and_an_unknown_name_look_alike(browser, citizen):
    wrong = await browser.sign_in("citizen", "not the password at all")
    unknown = await browser.sign_in("nobody", "not the password at all")
    assert wrong.status_code == unknown.status_code == 400
    assert plain(wrong) == plain(unknown)
    assert "not the password" not in wrong.text


def plain(page) -> str:
    return re.sub(r'name="csrf" value="[^"]+"', "", page.text)


async def test_a_sign_in_makes_a_new_session_whatever_cookie_was_there(browser, citizen):
    browser.http.cookies.set("session", "chosen-by-somebody-else", domain="127.0.0.1")
    answer = await browser.sign_in("citizen")
    first = answer.cookies["session"]
    assert first != "chosen-by-somebody-else"
    page = await browser.get("apps")
    fields = [("csrf", token(page)), ("username", "citizen"), ("password", PASSWORD)]
    again = await browser.post("sign-in", fields)
    assert again.cookies["session"] != first
    browser.http.cookies.clear()
    browser.http.cookies.set("session", first, domain="127.0.0.1")
    assert (await browser.get("apps")).status_code == 303


async def test_signing_out_ends_the_session_on_the_server_too(browser, citizen):
    kept = (await browser.sign_in("citizen")).cookies["session"]
    answer = await browser.answer("apps", "sign-out")
    assert (answer.status_code, answer.headers["location"]) == (303, "sign-in")
    assert 'session=""' in answer.headers["set-cookie"]
    browser.http.cookies.set("session", kept, domain="127.0.0.1")
    assert (await browser.get("apps")).status_code == 303


async def test_cookies_are_for_the_server_only(browser, citizen):
    cookie = (await browser.sign_in("citizen")).headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Domain" not in cookie
    assert "Path=/" in cookie


async def test_only_an_operator_sees_the_review(browser, citizen):
    await browser.sign_in("citizen")
    assert (await browser.get("review")).status_code == 403


async def test_a_form_from_elsewhere_is_refused(browser, citizen):
    shown = await browser.get("sign-in")
    fields = [("csrf", token(shown)), ("username", "citizen"), ("password", PASSWORD)]
    for origin in ("", "null", "https://evil.example", f"{ORIGIN}.evil.example"):
        answer = await browser.post("sign-in", fields, Origin=origin)
        assert answer.status_code == 403
        assert "session" not in answer.cookies


async def test_a_form_without_its_token_is_refused(browser, citizen):
    await browser.get("sign-in")
    for sent in ("", "0" * 64, "é"):
        fields = [("csrf", sent), ("username", "citizen"), ("password", PASSWORD)]
        assert (await browser.post("sign-in", fields)).status_code == 403


async def test_the_token_of_another_session_is_refused(browser, citizen):
    await browser.sign_in("citizen")
    old = token(await browser.get("apps"))
    await browser.answer("apps", "sign-out")
    await browser.sign_in("citizen")
    assert (await browser.post("apps", [("csrf", old), ("grant", "g1")])).status_code == 403
