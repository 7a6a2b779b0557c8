"""Who looked at my record: what the audit noted, of nobody else's record."""

import asyncio

from fhir_server.oauth import users
from fhir_server.oauth.users import User
from tests.pages.browser import PASSWORD, token


async def test_a_citizen_sees_who_looked_and_nothing_of_others(browser, app, looked):
    await browser.sign_in("citizen")
    page = await browser.get("access-log?lang=en")
    assert page.status_code == 200
    assert "<bdi>&lt;b&gt;Sổ &amp; Khám&lt;/b&gt;</bdi>" in page.text
    assert "Name, birth date, address, identity numbers" in page.text
    assert "allowed" in page.text
    again = await browser.get("access-log?lang=en")
    assert page.text.count('class="card"') == again.text.count('class="card"') == 1
    assert "Another" not in page.text
    assert "p2" not in page.text.replace(token(page), "")


async def test_asking_for_somebody_elses_gives_ones_own(browser, looked):
    await browser.sign_in("citizen")
    form = [("csrf", token(await browser.get("access-log"))), ("patient", "p2")]
    page = await browser.post("access-log", form)
    assert "Nguyễn Văn An" in page.text
    assert "Another" not in page.text


async def test_who_has_no_record_is_told_so(browser, oauth):
    await asyncio.to_thread(users.add, oauth.records, User("clerk"), PASSWORD)
    await browser.sign_in("clerk")
    assert "Không có hồ sơ nào của bạn" in (await browser.get("access-log")).text
