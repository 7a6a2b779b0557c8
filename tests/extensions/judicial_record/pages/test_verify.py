"""The public page: no sign-in, one question, one large answer, nothing of it in the address."""

import re

import pytest

from extensions.judicial_record.verifying import attempts
from tests.extensions.judicial_record.verifying.conftest import CODES, FIELDS
from tests.pages.browser import token


async def asked(browser, code=CODES["c1"], path="legal/verify", **other):
    page = await browser.get(path)
    fields = {"code": code, **FIELDS, **other}
    return await browser.post(path, [("csrf", token(page)), *fields.items()])


async def test_the_code_of_the_address_is_filled_in(browser):
    page = await browser.get(f"legal/v/{CODES['c1']}")
    assert page.status_code == 200
    assert f'value="{CODES["c1"]}"' in page.text
    assert 'href="../style.css"' in page.text
    assert FIELDS["name"] not in page.text


@pytest.mark.parametrize("code", ["<script>", "x", "%22%3E%3Cb%3E", "a" * 400])
async def test_an_address_with_no_code_is_an_empty_form(browser, code):
    page = await browser.get(f"legal/v/{code}")
    assert page.status_code == 200
    assert 'maxlength="22" required value=""' in page.text


async def test_a_valid_certificate_is_told_in_large_words_of_both_languages(browser):
    page = await asked(browser, path=f"legal/v/{CODES['c1']}")
    assert page.status_code == 200
    assert "Hợp lệ" in page.text
    assert "Valid" in page.text
    assert "03/08/2026" in page.text
    assert "Công an tỉnh thử nghiệm" in page.text
    for value in (FIELDS["name"], FIELDS["identity"], FIELDS["birthDate"]):
        assert value not in page.text


async def test_all_that_is_wrong_looks_alike(browser):
    wrong = [
        await asked(browser, "D" * 22),
        await asked(browser, identity="099090000009"),
        await asked(browser, CODES["gone"], name="TRẦN THỊ MẪU"),
    ]
    pages = {re.sub(r'name="csrf" value="[^"]+"', "", page.text) for page in wrong}
    assert len(pages) == 1
    assert "Không hợp lệ" in pages.pop()


async def test_a_withdrawn_one_says_so_to_who_holds_it(browser):
    page = await asked(browser, CODES["gone"])
    assert "Không hợp lệ" in page.text
    assert "không còn hiệu lực" in page.text


async def test_a_field_left_out_is_asked_for(browser):
    page = await asked(browser, identity=" ")
    assert page.status_code == 400
    assert "Hãy điền đủ" in page.text


async def test_who_guesses_waits(browser):
    for _ in range(attempts.FREE + 1):
        await asked(browser, name="X")
    page = await asked(browser)
    assert page.status_code == 429
    assert "Hãy đợi" in page.text


async def test_what_is_typed_is_no_markup(browser):
    page = await asked(browser, code='"><script>alert(1)</script>', name="<b>")
    assert "<script>" not in page.text
