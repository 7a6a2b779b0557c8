"""Every page takes one road: headers, limits, languages, refusals."""

import re
from dataclasses import replace

from fhir_server.fhir.errors import Unavailable
from fhir_server.oauth import authorize, sessions
from fhir_server.pages.router import ROWS
from tests.pages.browser import FORM, ORIGIN, token, visiting

GETS = [row.path for row in ROWS if row.get]
POSTS = [row.path for row in ROWS if row.post]


async def test_no_page_runs_a_script_is_framed_or_is_kept(browser, operator):
    pages = [await browser.get("sign-in")]
    await browser.sign_in("operator")
    pages += [await browser.get(path) for path in GETS if path != "sign-in"]
    for page in pages:
        is_bare(page)


def is_bare(answer):
    headers = answer.headers
    assert "script-src 'none'" in headers["content-security-policy"]
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cache-control"] == "no-store"
    assert "content-encoding" not in headers
    assert not re.search(r"<script|style=|\son\w+=|javascript:", answer.text)


HTML = "text/html,application/xhtml+xml,*/*;q=0.8"


async def test_who_was_sent_here_in_a_wrong_way_gets_a_page_that_says_so(browser):
    for language, said in (("vi", "Hãy quay về ứng dụng"), ("en", "Go back to the app")):
        path = f"oauth/authorize?client_id=%3Cb%3E&lang={language}"
        answer = await browser.get(path, Accept=HTML)
        assert answer.status_code == 400
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        is_bare(answer)
        assert said in answer.text
        assert 'href="../style.css"' in answer.text
        assert "invalid_" in answer.text
        assert "<b>" not in answer.text
        told = (await browser.get(path)).json()
        assert answer.text.count(told["error"]) == 1


async def test_a_page_says_that_the_system_does_not_answer(browser, monkeypatch):
    def silent(*_):
        raise Unavailable("The database does not answer.")

    monkeypatch.setattr(authorize, "answer", silent)
    answer = await browser.get("oauth/authorize", Accept=HTML)
    assert answer.status_code == 503
    assert "Hãy thử lại sau ít phút" in answer.text


async def test_no_form_is_taken_without_origin_and_token(browser, operator):
    await browser.sign_in("operator")
    page = await browser.get("apps")
    for path in POSTS:
        for fields, origin in (([("csrf", token(page))], "https://evil.example"), ([], ORIGIN)):
            answer = await browser.post(path, fields, Origin=origin)
            assert answer.status_code == 403, path
    assert (await browser.get("apps")).status_code == 200


async def test_a_form_without_a_session_leads_to_signing_in(browser):
    form = [("csrf", token(await browser.get("sign-in"))), ("request", "r"), ("id", "c")]
    for path in POSTS:
        answer = await browser.post(path, form)
        if path != "sign-in":
            assert answer.status_code == 303
            assert answer.headers["location"].startswith("sign-in?")


async def test_what_no_browser_sends_is_refused_with_a_page(browser):
    await browser.get("sign-in")
    for body, content_type, status in (
        (b"csrf=%ff", FORM, 400),
        (b"csrf=\xff", FORM, 400),
        (b"csrf=%00", FORM, 400),
        (b"a=1&" * 600, FORM, 400),
        (b"csrf=a&csrf=b", FORM, 400),
        (b"x" * 70_000, FORM, 413),
        (b"{}", "application/json", 415),
        (b"csrf=a", "multipart/form-data; boundary=x", 415),
        (b"csrf=a", "", 415),
    ):
        headers = {"Origin": ORIGIN, "Content-Type": content_type}
        answer = await browser.http.post("/sign-in", content=body, headers=headers)
        assert answer.status_code == status, body[:20]
        assert answer.headers["content-type"].startswith("text/html")
        assert 'role="alert"' in answer.text


async def test_an_odd_query_is_no_crash(browser):
    for query in ("request=%ff", "request=a&request=b", "lang=%00", "to=" + "x" * 9, "=", "&&"):
        assert (await browser.get(f"sign-in?{query}")).status_code in (200, 400)


async def test_the_language_asked_for_is_kept(browser):
    assert 'lang="vi"' in (await browser.get("sign-in")).text
    answer = await browser.get("sign-in?lang=en&request=r1")
    assert '<html lang="en">' in answer.text or answer.status_code == 410
    assert '<html lang="en">' in (await browser.get("sign-in")).text


async def test_the_other_language_is_a_link_that_keeps_what_is_asked(browser):
    page = await browser.get("sign-in?to=review")
    assert "?to=review&amp;lang=en" in page.text


async def test_what_is_sent_is_not_reflected_as_markup(browser):
    page = await browser.get('sign-in?to="><script>alert(1)</script>&request="><b>')
    assert "<script>" not in page.text
    assert "<b>" not in page.text


async def test_a_database_that_is_away_is_a_page_too(browser, monkeypatch):
    def away(*_):
        raise Unavailable("away")

    browser.http.cookies.set("session", "x", domain="127.0.0.1")
    monkeypatch.setattr(sessions, "of", away)
    answer = await browser.get("apps")
    assert answer.status_code == 503
    assert "away" not in answer.text


async def test_the_host_header_decides_nothing(browser):
    answer = await browser.get("apps", Host="evil.example")
    assert answer.headers["location"] == "sign-in?to=apps"
    page = await browser.get("sign-in")
    fields = [("csrf", token(page)), ("username", "nobody"), ("password", "wrong")]
    answer = await browser.post(
        "sign-in", fields, Host="evil.example", Origin="http://evil.example"
    )
    assert answer.status_code == 403


async def test_over_https_cookies_are_bound_to_this_host(site):
    oauth = replace(site.oauth, issuer="https://health.example.org/oauth")
    async with visiting(replace(site, oauth=oauth)) as browser:
        cookie = (await browser.get("sign-in")).headers["set-cookie"]
    assert cookie.startswith("__Host-visitor=")
    assert "Secure" in cookie
    assert "Domain" not in cookie


async def test_the_stylesheet_is_css_and_asks_nobody(browser):
    answer = await browser.get("style.css")
    assert answer.headers["content-type"].startswith("text/css")
    assert "url(" not in answer.text
    assert "@import" not in answer.text
