"""The pages as a person meets them: on a small phone, by keyboard alone, in both languages."""

import asyncio
import os
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from fhir_server.oauth import clients, grants
from fhir_server.oauth.clients import Client
from tests.pages.browser import PASSWORD, asked

SCOPES = (
    "openid fhirUser launch/patient patient/Patient.rs patient/Observation.rs?category=laboratory "
    "patient/MedicationRequest.rs offline_access label/HIV"
)
WAITING = Client(
    id="",
    name="Nhắc uống thuốc",
    kind="public",
    redirect_uris=("https://waiting.example.org/callback",),
    scopes=("launch/patient", "patient/MedicationRequest.rs"),
    contacts=("dev@waiting.example.org",),
)
IMAGES = Path(__file__).resolve().parents[2] / "docs" / "images"
# Lists what a person who cannot see or point would miss.
FAULTS = """() => {
  const named = one => one.labels?.length || one.innerText?.trim() || one.ariaLabel;
  const faults = [];
  const all = 'input:not([type=hidden]), select, textarea, button, a';
  for (const one of document.querySelectorAll(all))
    if (!named(one)) faults.push('no name: ' + one.outerHTML);
  const ids = [...document.querySelectorAll('[id]')].map(one => one.id);
  if (new Set(ids).size < ids.length) faults.push('an id stands twice: ' + ids);
  if (document.querySelectorAll('h1').length !== 1) faults.push('not one h1');
  if (!document.querySelector('main')) faults.push('no main');
  if (!document.documentElement.lang) faults.push('no language');
  if (document.documentElement.scrollWidth > innerWidth)
    faults.push('wider than the screen: ' + document.documentElement.scrollWidth);
  return faults;
}"""


@pytest.fixture
async def quiet(phone):
    """Fail where the browser complains, such as of what the policy does not allow."""
    said = []
    phone.on("console", lambda message: said.append(message.text))
    phone.on("pageerror", lambda error: said.append(str(error)))
    yield
    assert said == []


async def usable(page: Page, picture: str = "") -> None:
    assert await page.evaluate(FAULTS) == []
    if picture and os.environ.get("SCREENSHOTS"):
        await page.screenshot(path=IMAGES / f"{picture}.png", full_page=True)


async def sign_in(page: Page, name: str = "citizen") -> None:
    await page.get_by_label("Tên đăng nhập").fill(name)
    await page.get_by_label("Mật khẩu").fill(PASSWORD)
    await page.get_by_role("button", name="Đăng nhập").click()


async def test_a_citizen_allows_an_app_and_takes_it_back(phone, quiet, site, app, citizen):
    request = await asked(site, app, SCOPES)
    await phone.goto(f"sign-in?request={request}")
    await usable(phone, "sign-in")
    await sign_in(phone)
    await expect(phone.get_by_role("heading", level=1)).to_contain_text("Sổ khám")
    await expect(phone.get_by_label("HIV/AIDS")).not_to_be_checked()
    await usable(phone, "consent")
    await phone.get_by_label("Đơn thuốc").uncheck()
    await phone.get_by_role("button", name="Cho phép").click()
    await expect(phone.get_by_role("heading", name="Back in the app")).to_be_visible()
    assert "code=" in phone.url
    assert "state=" in phone.url
    (grant,) = await asyncio.to_thread(grants.of_user, site.oauth, citizen.sub)
    assert "patient/MedicationRequest.rs" not in grant.scopes

    await phone.goto("apps")
    await usable(phone, "apps")
    await phone.get_by_role("button", name="Thu hồi").click()
    await expect(phone.get_by_text("Bạn chưa cho phép ứng dụng nào.")).to_be_visible()
    assert await asyncio.to_thread(grants.of_user, site.oauth, citizen.sub) == []


async def test_the_back_button_after_an_answer_gives_a_clear_page(phone, site, app, citizen):
    request = await asked(site, app, SCOPES)
    await phone.goto(f"sign-in?request={request}")
    await sign_in(phone)
    await phone.get_by_role("button", name="Từ chối").click()
    await expect(phone.get_by_role("heading", name="Back in the app")).to_be_visible()
    assert "error=access_denied" in phone.url
    await phone.go_back()
    await expect(phone.get_by_role("alert")).to_contain_text("bắt đầu lại")
    await usable(phone, "answered")


async def test_it_is_all_done_by_keyboard(phone, quiet, site, app, citizen):
    request = await asked(site, app, SCOPES)
    await phone.goto(f"sign-in?request={request}")
    await reach(phone, "username")
    await phone.keyboard.type("citizen")
    await phone.keyboard.press("Tab")
    await phone.keyboard.type(PASSWORD)
    await phone.keyboard.press("Enter")
    await expect(phone.get_by_role("heading", level=1)).to_contain_text("Sổ khám")
    await reach(phone, "label-1")
    await phone.keyboard.press("Space")
    await expect(phone.get_by_label("HIV/AIDS")).to_be_checked()
    await phone.keyboard.press("Tab")
    await phone.keyboard.press("Enter")
    await expect(phone.get_by_role("heading", name="Back in the app")).to_be_visible()
    (grant,) = await asyncio.to_thread(grants.of_user, site.oauth, citizen.sub)
    assert grant.labels == ("HIV",)


async def reach(page: Page, id_: str) -> None:
    """Press Tab until the element of this id has the focus, and see that focus is shown."""
    for _ in range(60):
        await page.keyboard.press("Tab")
        if await page.evaluate("document.activeElement.id") == id_:
            shown = "getComputedStyle(document.activeElement).outlineStyle"
            assert await page.evaluate(shown) == "solid"
            return
    pytest.fail(f"Tab does not reach {id_}")


async def test_every_page_is_usable_in_both_languages(phone, quiet, looked, site, operator):
    await asyncio.to_thread(clients.add, site.oauth, WAITING)
    for language in ("vi", "en"):
        await phone.goto(f"sign-in?lang={language}")
        await usable(phone)
    for page in ("apps", "access-log", "developers"):
        await phone.goto("sign-in?lang=vi")
        if "sign-in" in phone.url:
            await sign_in(phone)
        for language in ("en", "vi"):
            await phone.goto(f"{page}?lang={language}")
            await usable(phone, page if language == "vi" and page != "apps" else "")
    await phone.get_by_role("button", name="Đăng xuất").click()
    await sign_in(phone, "operator")
    await phone.goto("review")
    await usable(phone, "review")


async def test_a_wrong_password_is_told_aloud(phone, citizen):
    await phone.goto("sign-in")
    await phone.get_by_label("Tên đăng nhập").fill("citizen")
    await phone.get_by_label("Mật khẩu").fill("not the password")
    await phone.get_by_role("button", name="Đăng nhập").click()
    await expect(phone.get_by_role("alert")).to_contain_text("Không đăng nhập được")
    await expect(phone.get_by_label("Mật khẩu")).to_have_value("")


async def test_a_page_elsewhere_can_neither_frame_nor_post(phone, origin, site, app, citizen):
    await phone.goto("sign-in")
    await sign_in(phone)
    request = await asked(site, app, SCOPES)
    form = (
        f"<form method=post action='{origin}/consent'><input name=request value='{request}'>"
        "<input name=do value=allow><button>Win</button></form>"
        f"<iframe src='{origin}/apps'></iframe>"
    )
    await phone.route(
        "https://evil.example/", lambda route: route.fulfill(body=form, content_type="text/html")
    )
    await phone.goto("https://evil.example/")
    assert "Ứng dụng" not in await phone.frames[1].content()
    await phone.get_by_role("button", name="Win").click()
    await phone.wait_for_load_state()
    assert await asyncio.to_thread(grants.of_user, site.oauth, citizen.sub) == []
    assert await phone.get_by_role("heading", name="Back in the app").count() == 0
