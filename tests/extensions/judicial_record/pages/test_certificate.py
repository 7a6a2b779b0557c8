"""A certificate's page: the paper, six digits, who checked it; nobody else's."""

import base64

import pytest

from tests.extensions.judicial_record.pages.conftest import sent, signed_in
from tests.extensions.judicial_record.verifying.conftest import CODES, Legal

PDF = b"%PDF-1.7 a paper"


async def test_the_holder_makes_digits_that_open_it(browser, legal: Legal):
    await signed_in(browser, "holder")
    page = await sent(browser, "certificate/c1", do="passcode", purpose="employment")
    digits = page.text.partition('class="verdict"><code>')[2][:6]
    assert digits.isdigit()
    assert digits not in (await browser.get("legal/certificate/c1")).text
    assert (await legal.disclosed(digits))[0] == 200
    page = await browser.get("legal/certificate/c1?lang=en")
    assert "Organization/employer" in page.text
    assert "Read Form 1" in page.text


async def test_form_2_has_no_digits_to_make(browser):
    await signed_in(browser, "holder")
    assert 'value="passcode"' not in (await browser.get("legal/certificate/c2")).text
    page = await sent(browser, "certificate/c2", do="passcode", purpose="employment")
    assert page.status_code == 403


@pytest.mark.parametrize("do", ["revoke", "verify", "", "sign"])
async def test_the_holder_does_nothing_else_there(browser, do):
    await signed_in(browser, "holder")
    assert (await sent(browser, "certificate/c1", do=do)).status_code == 400


async def test_the_paper_is_a_file_to_keep(browser, legal: Legal):
    holder = {"reference": "Person/p1"}
    binary = {"resourceType": "Binary", "id": "b1", "contentType": "application/pdf"}
    binary["securityContext"] = holder
    await legal.put({**binary, "data": base64.b64encode(PDF).decode()})
    content = [{"attachment": {"contentType": "application/pdf", "url": "Binary/b1"}}]
    document = {"resourceType": "DocumentReference", "id": "d1", "status": "current"}
    await legal.put({**document, "content": content, "context": {"related": [holder]}})
    one = await legal.certificate("c1")
    await legal.put({**one, "document": [{"reference": "DocumentReference/d1"}]})
    await signed_in(browser, "holder")
    answer = await browser.get("legal/paper/c1")
    assert answer.content == PDF
    assert "attachment" in answer.headers["content-disposition"]
    assert (await browser.get("legal/paper/c2")).status_code == 404
    await signed_in(browser, "neighbour")
    for path in ("certificate/c1", "paper/c1", "dossier/t1"):
        assert (await browser.get(f"legal/{path}")).status_code == 404


async def test_a_signer_may_withdraw_it_and_a_clerk_is_not_offered_to(browser):
    for name, offers in (("clerk", False), ("signer", True), ("stranger", None)):
        await signed_in(browser, name)
        page = await browser.get("legal/certificate/c1")
        if offers is None:
            assert page.status_code == 404
        else:
            assert ('value="revoke"' in page.text) is offers
            assert ('value="propose-correction"' in page.text) is not offers
            assert 'value="correct"' not in page.text
            assert CODES["c1"] not in page.text


async def test_there_is_one_answer_where_there_is_nothing(browser):
    await signed_in(browser, "holder")
    for path in ("certificate/none", "paper/none", "dossier/none", "dossier/work-none"):
        page = await browser.get(f"legal/{path}")
        assert page.status_code == 404
        assert "Không có gì ở đây" in page.text
