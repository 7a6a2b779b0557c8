"""From the application to the signature, by forms: who sees what, and who may do what."""

import re

from extensions.judicial_record.sources.records import Judgment, keep
from tests.extensions.judicial_record.pages.conftest import sent, signed_in
from tests.extensions.judicial_record.sources.told import CONVICTION, PROHIBITION, document
from tests.pages.browser import token

MONTH = 30 * 24 * 3600 * 1_000_000
APPLICATION = {
    "form": "form-1",
    "purpose": "employment",
    "name": "NGUYỄN VĂN THỬ",
    "gender": "male",
    "birth-date": "1990-02-03",
    "nationality": "VN",
    "identity-document.type": "cccd",
    "identity-document.number": "099 090 000 001",
    "residence.text": "Xã Thử, tỉnh Mẫu",
    "residence.start": "2004-02-03",
}


async def applied(browser) -> str:
    """Let the holder apply; give the path of the dossier's page."""
    await signed_in(browser, "holder")
    answer = await sent(browser, "apply", **APPLICATION)
    assert answer.status_code == 303, answer.text
    path = answer.headers["location"]
    assert "200000 VND" in (await browser.get(f"legal/{path}")).text
    assert (await sent(browser, path, do="pay")).status_code == 303
    return path


async def test_an_application_is_a_dossier_its_holder_follows(browser):
    path = await applied(browser)
    assert not re.search(r"099090000001|1990", path)
    assert path in (await browser.get("legal/dossiers")).text
    page = await browser.get(f"legal/{path}?lang=en")
    assert "submitted" in page.text
    assert 'value="withdraw"' in page.text
    assert 'value="accept"' not in page.text


async def test_what_is_wrong_is_told_and_what_was_typed_is_kept(browser):
    await signed_in(browser, "holder")
    wrong = {**APPLICATION, "birth-date": "2099-01-01", "name": '"><script>'}
    page = await sent(browser, "apply", **wrong)
    assert page.status_code == 422
    assert "lies between" in page.text
    assert 'value="&#34;&gt;&lt;script&gt;"' in page.text
    assert "<script>" not in page.text


async def test_the_officers_go_from_queue_to_signature_and_the_preparer_does_not_sign(browser):
    path = await applied(browser)
    await signed_in(browser, "clerk")
    assert path in (await browser.get("legal/queue")).text
    for operation in ("accept", "check-sources"):
        answer = await sent(browser, path, do=operation)
        assert answer.status_code == 303, answer.text
    page = await browser.get(f"legal/{path}?lang=en")
    assert "awaiting signature" in page.text
    assert 'value="sign"' not in page.text
    assert (await sent(browser, path, do="sign")).status_code == 400
    await signed_in(browser, "signer")
    answer = await sent(browser, path, do="sign")
    assert answer.status_code == 303, answer.text
    page = await browser.get(f"legal/{path}?lang=en")
    assert 'href="../certificate/c1"' in page.text


async def test_the_holder_does_not_see_the_steps_of_the_work(browser):
    path = await applied(browser)
    await signed_in(browser, "clerk")
    for operation in ("accept", "check-sources"):
        await sent(browser, path, do=operation)
    await signed_in(browser, "holder")
    page = await browser.get(f"legal/{path}?lang=en")
    assert "awaiting signature" not in page.text
    assert "Records" not in page.text


async def test_officers_of_the_owner_see_whom_a_record_is_about_and_for_what(browser, office):
    named = {"name": APPLICATION["name"], "birthDate": APPLICATION["birth-date"]}
    one = {**named, "identityDocument": [document("099090000009")]}
    judged = Judgment("99", "12/2019/HS-ST", "2019-03-04")
    offence = {"text": "<b>CANARY", "provision": [{"text": "Điều 99"}]}
    keep(office, "conviction", judged, one, {**CONVICTION, "offence": [offence]})
    banned = Judgment("99", "3/2020", "2020-06-01")
    keep(office, "prohibition", banned, one, PROHIBITION["prohibition"])
    path = await applied(browser)
    await signed_in(browser, "clerk")
    for operation in ("accept", "check-sources"):
        assert (await sent(browser, path, do=operation)).status_code == 303
    for name in ("clerk", "signer"):
        await signed_in(browser, name)
        page = (await browser.get(f"legal/{path}?lang=en")).text
        assert "099090000009" in page
        assert "&lt;b&gt;CANARY · Điều 99" in page
        assert "CANARY giám đốc doanh nghiệp" in page
        shown = re.findall(r"<h3><bdi>([^<]+)</bdi></h3>", page)
        chosen = re.findall(r'name="record" value="([^"]+)"', page)
        assert len(shown) == 2
        assert chosen == (shown if name == "clerk" else [])
    for name in ("holder", "stranger"):
        await signed_in(browser, name)
        page = (await browser.get(f"legal/{path}?lang=en")).text
        assert not re.search("CANARY|099090000009|Source records", page)
    await signed_in(browser, "clerk")
    office.records.remove("source_records", {})
    page = await browser.get(f"legal/{path}?lang=en")
    assert page.status_code == 200
    assert "can no longer be read" in page.text


async def test_a_refusal_needs_a_reason_and_the_holder_reads_it(browser):
    path = await applied(browser)
    await signed_in(browser, "clerk")
    page = await sent(browser, path, do="refuse")
    assert page.status_code == 422
    assert 'role="alert"' in page.text
    answer = await sent(browser, path, do="refuse", reason="papers", **{"reason-text": "<b>Thiếu"})
    assert answer.status_code == 303
    await signed_in(browser, "holder")
    page = await browser.get(f"legal/{path}")
    assert "&lt;b&gt;Thiếu" in page.text


async def test_an_illegal_move_is_told_and_nothing_happens(browser):
    path = await applied(browser)
    await signed_in(browser, "clerk")
    await sent(browser, path, do="accept")
    page = await sent(browser, path, do="accept")
    assert page.status_code == 409
    assert "$accept is not possible" in page.text


async def test_a_dossier_of_others_is_as_one_that_never_was(browser):
    path = await applied(browser)
    for name in ("neighbour", "stranger"):
        await signed_in(browser, name)
        page = await browser.get(f"legal/{path}")
        assert page.status_code == 404
        answer = await browser.post(f"legal/{path}", [("csrf", token(page)), ("do", "accept")])
        assert answer.status_code in (400, 404)
    assert path not in (await browser.get("legal/queue")).text


async def test_pages_of_others_are_refused(browser):
    await signed_in(browser, "holder")
    assert (await browser.get("legal/queue")).status_code == 403
    await signed_in(browser, "clerk")
    for path in ("apply", "dossiers"):
        assert (await browser.get(f"legal/{path}")).status_code == 403


async def test_late_dossiers_come_first_and_are_marked(browser, legal):
    waits, late = await applied(browser), await applied(browser)
    await signed_in(browser, "clerk")
    legal.clock.now -= MONTH
    assert (await sent(browser, late, do="accept")).status_code == 303
    legal.clock.now += MONTH
    page = (await browser.get("legal/queue?lang=en")).text
    assert page.index(late) < page.index("Late") < page.index(waits)
