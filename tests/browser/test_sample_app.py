"""The whole way, in a real browser: sign in, consent, read the book in an app, take it back."""

import asyncio
import os
import time

import pytest
from playwright.async_api import expect

from fhir_server.cli import demonstration, sample_app
from fhir_server.cli.client import connected
from fhir_server.store.embedded import free_port
from mappings.synthetic.demonstration import SEED
from mappings.synthetic.plan import plan
from mappings.synthetic.writer import write
from tests.browser.test_pages import IMAGES
from tests.faults.processes import serving

LIBRARY = sample_app.LIBRARY
XML = {"Content-Type": "application/xml"}


@pytest.fixture
def book(tmp_path, monkeypatch):
    """Give the sample app's address and the login of a citizen with visits; all of it served."""
    if not LIBRARY.exists():
        pytest.skip("SMART's JavaScript client is not here: scripts/fetch-fhirclient brings it")
    with serving(tmp_path / "server", "--auth", "smart") as server:
        url = f"{server.url}/fhir"
        monkeypatch.setenv("FHIR_MONGODB_URI", (server.folder / "mongodb/uri").read_text().strip())
        monkeypatch.setenv("FHIR_BASE_URL", url)
        token = demonstration.hospitals()
        loaded(url, token, tmp_path / "envelopes")
        login = demonstration.citizen(url, token, plan(SEED, 0).person.citizen_id)
        with sample_app.served(free_port(), url) as address:
            yield address, login


def loaded(url, token, folder):
    """Send the visits of one synthetic citizen."""
    write(folder, citizens=1, seed=SEED, form="envelope")
    with connected(url, token) as client:
        for path in sorted(folder.rglob("*.xml")):
            answer = client.post("$submit-document", content=path.read_bytes(), headers=XML)
            assert answer.status_code == 200, answer.text


async def test_a_citizen_reads_the_book_in_an_app_and_takes_it_back(chromium, book):
    address, login = book
    context = await chromium.new_context(locale="vi-VN", viewport={"width": 400, "height": 800})
    page = await context.new_page()
    await page.goto(address)
    await page.get_by_role("button", name="Kết nối sổ sức khỏe").click()
    await page.get_by_label("Tên đăng nhập").fill(login.username)
    await page.get_by_label("Mật khẩu").fill(login.password)
    await shot(page, "sample-app-sign-in")
    await page.get_by_role("button", name="Đăng nhập").click()
    await shot(page, "sample-app-consent")
    await page.get_by_role("button", name="Cho phép").click()
    await expect(page.locator("ul[data-type=Encounter] li").first).to_be_visible()
    await expect(page.locator("ul[data-type=Observation] li").first).to_be_visible()
    await shot(page, "sample-app-book")
    await taken_back(await context.new_page(), page)
    await context.close()


async def taken_back(apps, page):
    """Take the app back; within a second it reads nothing more."""
    await apps.goto(f"{os.environ['FHIR_BASE_URL'].removesuffix('/fhir')}/apps")
    await apps.get_by_role("button", name="Thu hồi").click()
    await expect(apps.get_by_role("button", name="Thu hồi")).to_have_count(0)
    began = time.monotonic()
    told = page.locator("#status")
    while "thu hồi" not in (await told.text_content() or ""):
        assert time.monotonic() < began + 1, "the app still reads"
        await page.get_by_role("button", name="Tải lại").click()
        await asyncio.sleep(0.1)
    await shot(page, "sample-app-refused")


async def shot(page, name):
    if os.environ.get("SCREENSHOTS"):
        await page.screenshot(path=IMAGES / f"{name}.png", full_page=True)
