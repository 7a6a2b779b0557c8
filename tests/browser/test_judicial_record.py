"""A certificate in a real browser: applied for, signed, checked by a stranger, recalled."""

import asyncio
import os
import re
import time
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import expect

from fhir_server.cli import certificates
from tests.browser.test_pages import FAULTS, IMAGES, reach
from tests.faults.processes import serving

PHONE, DESK = {"width": 360, "height": 640}, {"width": 640, "height": 640}
FIELDS = {"name": "Nguyễn Văn Thử", "birthDate": "2000-02-29", "identity": "099203000001"}


@pytest.fixture(scope="module")
def office(tmp_path_factory):
    """Give the address of a site where the story was told, its folder, and passwords by name."""
    folder = tmp_path_factory.mktemp("office")
    settings = {"legal": "true", "legal_folder": folder / "legal", "rate_sign_in": 0}
    with (
        pytest.MonkeyPatch.context() as patch,
        serving(folder / "server", "--auth", "smart", **settings) as server,
    ):
        uri = (server.folder / "mongodb/legal-uri").read_text().strip()
        patch.setenv("FHIR_LEGAL_MONGODB_URI", uri)
        patch.setenv("FHIR_BASE_URL", f"{server.url}/fhir")
        certificates.told_once(server.url, folder)
        logins = certificates.people(folder)
        yield server.url, folder, {one.username: one for one in logins}


def test_a_later_start_tells_no_second_story_and_says_what_to_type(office, capsys):
    root, folder, logins = office
    certificates.told_once(root, folder)
    assert capsys.readouterr().out == ""
    certificates.invite(root, folder, list(logins.values()))
    told = capsys.readouterr().out
    assert re.search(rf"{root}/legal/v/[\w-]{{22}}\n", told)
    assert all(one.password in told for one in logins.values())
    assert "NGUYỄN VĂN THỬ" in told
    assert (folder / "certificate/certificate.pdf").read_bytes().startswith(b"%PDF")


async def test_from_the_application_to_the_recall(chromium, office):
    root, _, logins = office
    said = []

    @asynccontextmanager
    async def somebody(locale, viewport, login=""):
        context = await chromium.new_context(
            base_url=f"{root}/legal/", locale=locale, viewport=viewport
        )
        page = await context.new_page()
        # It asks for a picture of the site once, which there is none of.
        page.on("console", lambda one: "favicon" in str(one.location) or said.append(one.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        if login:
            await signed_in(page, logins[login])
        yield page
        await context.close()

    async with (
        somebody("vi-VN", DESK, "holder") as citizen,
        somebody("en-US", DESK, "clerk") as clerk,
        somebody("en-US", DESK, "signer") as signer,
        somebody("vi-VN", PHONE) as stranger,
    ):
        dossier = await applied(citizen)
        await accepted(clerk, dossier)
        await signed(signer, dossier)
        code = await held(citizen, dossier)
        assert await checked(stranger, code, dossier, "judicial-record-valid") == "Hợp lệ"
        await recalled(signer)
        began = time.monotonic()
        while await checked(stranger, code, dossier) != "Không hợp lệ":
            assert time.monotonic() < began + 60
        await usable(stranger, "judicial-record-not-valid")
    assert said == []


async def signed_in(page, login):
    await page.goto("sign-in")
    await page.locator("#username").fill(login.username)
    await page.locator("#password").fill(login.password)
    await page.get_by_role("button", name=re.compile("Đăng nhập|Sign in")).click()


async def usable(page, picture=""):
    assert await page.evaluate(FAULTS) == []
    if picture and os.environ.get("SCREENSHOTS"):
        await page.screenshot(path=IMAGES / f"{picture}.png", full_page=True)


async def applied(page):
    """Apply and pay; give the dossier's code."""
    await page.goto("apply")
    await usable(page)
    await page.get_by_label("Loại phiếu").select_option("form-1")
    await page.get_by_label("Mục đích", exact=True).select_option("employment")
    await page.get_by_label("Họ và tên", exact=True).fill(FIELDS["name"])
    await page.get_by_label("Giới tính").select_option("male")
    await page.get_by_label("Ngày sinh").fill(FIELDS["birthDate"])
    await page.get_by_label("Quốc tịch").fill("VN")
    await page.locator("[name='identity-document.type']").select_option("cccd")
    await page.locator("[name='identity-document.number']").fill(FIELDS["identity"])
    await page.get_by_role("button", name="Gửi yêu cầu").click()
    await page.get_by_role("button", name="Nộp phí").click()
    await expect(page.get_by_role("button", name="Nộp phí")).to_have_count(0)
    return (await page.locator("h1").inner_text()).split()[-1]


async def accepted(page, dossier):
    await page.goto("queue")
    await usable(page)
    await page.get_by_role("link", name=dossier).click()
    await page.get_by_role("button", name="Accept").click()
    await page.get_by_role("button", name="Check the sources").click()
    await expect(page.get_by_text("awaiting signature", exact=True)).to_be_visible()
    await usable(page)


async def signed(page, dossier):
    await page.goto("queue")
    await usable(page, "judicial-record-queue")
    await page.get_by_role("link", name=dossier).click()
    await usable(page, "judicial-record-dossier")
    await page.get_by_role("button", name="Sign and issue").click()
    await page.get_by_role("button", name="Deliver").click()
    await page.get_by_role("link", name="See the certificate").click()
    await expect(page.get_by_text("In force")).to_be_visible()


async def held(page, dossier):
    """Save the PDF, make six digits; give the certificate's code."""
    await page.goto("dossiers")
    await usable(page)
    await page.get_by_role("link", name=dossier).click()
    await page.get_by_role("link", name="Xem phiếu").click()
    async with page.expect_download() as saving:
        await page.get_by_role("link", name="Tải bản PDF").click()
    saved = await (await saving.value).path()
    assert (await asyncio.to_thread(Path(saved).read_bytes)).startswith(b"%PDF")
    await usable(page, "judicial-record-certificate")
    code = await page.locator("dd code").inner_text()
    await page.locator("#purpose").select_option("employment")
    await page.get_by_role("button", name="Tạo mã").click()
    assert re.fullmatch("[0-9]{6}", await page.locator(".verdict code").inner_text())
    return code


async def checked(page, code, dossier, picture=""):
    """Fill in the form by keyboard alone; give the verdict."""
    await page.goto(f"v/{code}")
    await usable(page, picture and "judicial-record-verify")
    for name, typed in (("dossier", dossier), ("name", FIELDS["name"]), ("birthDate", "02292000")):
        await reach(page, name)
        await page.keyboard.type(typed)
    await reach(page, "gender-male")
    await page.keyboard.press("Space")
    await reach(page, "identity")
    await page.keyboard.type(FIELDS["identity"])
    await page.keyboard.press("Enter")
    await expect(page.locator("h1.verdict")).to_be_visible()
    await usable(page, picture)
    return await page.locator("h1.verdict [lang=vi]").inner_text()


async def recalled(page):
    await page.get_by_label("Kind").select_option("recall")
    await page.locator("[name=decisionNumber]").fill("1/QĐ-99")
    await page.locator("[name=decisionDate]").fill("2026-11-28")
    await page.locator("[name=reason]").fill("Nội dung không đúng")
    await page.get_by_role("button", name="Withdraw or annul").click()
    await expect(page.get_by_text("Withdrawn")).to_be_visible()
