"""The officers' queue of a busy body: nothing that waits is hidden by what is over."""

import re

import pytest

from extensions.judicial_record.dossier import task
from extensions.judicial_record.pages import queue
from fhir_server.fhir import dates
from tests.extensions.judicial_record.pages.conftest import ISSUER, signed_in
from tests.extensions.judicial_record.terms.dossiers import dossier, worked

FULL = {"4": "4/review"}
PARTS = re.compile(r"dossier/([a-z0-9-]+)")


@pytest.fixture
async def filled(browser, legal, monkeypatch):
    """Let dossiers wait, and more be over; an officer is signed in, who is given three a page."""
    for name, value in (("_COUNT", 2), ("_SHOWN", 3)):
        monkeypatch.setattr(queue, name, value)
    await legal.context.store.database["Task"].delete_many({})
    now = legal.clock.now
    for days, state in enumerate(("1", "2", "4", "5", "9"), 1):
        told = dossier(f"waits-{state}", state=FULL.get(state, state), owner=ISSUER)
        end = {"end": dates.instant(now + days * dates.DAY)}
        await legal.put({**told, "restriction": {"period": end}})
    told = dossier("waits-4", state=FULL["4"], owner=ISSUER)
    made = worked(told, FULL["4"], "a", now)
    await legal.put({**made, "id": task.work_id("waits-4")})
    late = dossier("late", state="2", owner=ISSUER)
    await legal.put({**late, "restriction": {"period": {"end": dates.instant(now - dates.DAY)}}})
    for number in range(9):
        await legal.put(dossier(f"over-{number}", state="10", owner=ISSUER))
    await signed_in(browser, "clerk")
    return browser


async def listed(browser, path="legal/queue?lang=en"):
    text = (await browser.get(path)).text
    return text, PARTS.findall(text)


async def test_what_waits_is_listed_late_first_however_much_is_over(filled):
    text, first = await listed(filled)
    assert first == ["late", "waits-1", "waits-2"]
    assert 'href="queue?from=3"' in text
    assert "may be missing" not in text
    text, second = await listed(filled, "legal/queue?from=3&lang=en")
    assert second == ["waits-4", "waits-5", "waits-9"]
    assert "review" in text
    assert "from=6" not in text


async def test_a_queue_that_was_not_read_to_its_end_says_so(filled, monkeypatch):
    monkeypatch.setattr(queue, "_PAGES", 1)
    text, found = await listed(filled)
    assert len(found) == 2
    assert "only the 2 dossiers" in text


@pytest.mark.parametrize("start", ["-1", "x", "9999999", "%D9%A1"])
async def test_a_place_no_page_links_to_is_refused(filled, start):
    assert (await filled.get(f"legal/queue?from={start}")).status_code == 400
