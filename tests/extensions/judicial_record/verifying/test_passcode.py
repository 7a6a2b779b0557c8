"""Six digits: the holder's, told once, good for one look, five tries and a day."""

import asyncio

import pytest

from extensions.judicial_record.verifying import passcode
from fhir_server.oauth import passwords
from tests.extensions.judicial_record.verifying.conftest import Legal


def other(digits: str) -> str:
    return f"{(int(digits) + 1) % 10**6:06}"


async def spent(legal: Legal, digits: str, certificate: str = "c1", purpose: str = "employment"):
    return await asyncio.to_thread(passcode.spend, legal.gate, certificate, purpose, digits)


async def test_a_passcode_opens_once(legal):
    digits = await legal.passcode()
    assert len(digits) == 6
    assert digits.isdigit()
    assert await spent(legal, digits)
    assert not await spent(legal, digits)


async def test_of_five_who_try_it_at_once_one_gets_in(legal):
    digits = await legal.passcode()
    found = await asyncio.gather(*(spent(legal, digits) for _ in range(5)))
    assert sorted(found) == [False] * 4 + [True]


async def test_the_sixth_try_is_too_late_even_with_the_right_digits(legal):
    digits = await legal.passcode()
    for _ in range(passcode.MOST_TRIES):
        assert not await spent(legal, other(digits))
    assert not await spent(legal, digits)


async def test_of_many_wrong_at_once_five_are_judged(legal, monkeypatch):
    digits, judged = await legal.passcode(), []

    def holds(_, text):
        judged.append(text)
        return False

    monkeypatch.setattr(passwords, "holds", holds)
    monkeypatch.setattr(passwords, "dummy", lambda: None)
    await asyncio.gather(*(spent(legal, other(digits)) for _ in range(20)))
    assert len(judged) == passcode.MOST_TRIES


async def test_a_new_passcode_ends_the_one_before_and_its_tries(legal):
    first = await legal.passcode()
    for _ in range(passcode.MOST_TRIES):
        await spent(legal, other(first))
    second = await legal.passcode()
    assert first == second or not await spent(legal, first)
    assert await spent(legal, second)


async def test_a_passcode_ends_after_a_day(legal):
    digits = await legal.passcode()
    legal.clock.now += passcode.LASTS * 1_000_000
    assert not await spent(legal, digits)


async def test_a_passcode_is_for_one_certificate_and_one_purpose(legal):
    digits = await legal.passcode()
    assert not await spent(legal, digits, "gone")
    assert not await spent(legal, digits, purpose="licence")


async def test_only_a_hash_of_it_is_kept(legal):
    digits = await legal.passcode()
    (row,) = legal.records.find(passcode.KIND, {})
    assert digits not in str({name: value for name, value in row.items() if name != "hash"})
    assert row["hash"].startswith("$argon2id$")


@pytest.mark.parametrize("user", ["Person/p2", "Organization/employer", "Practitioner/o1", ""])
async def test_another_persons_certificate_is_as_one_that_never_was(legal, user):
    others = await legal.asked("c1/$passcode", user, purpose="employment")
    nobodys = await legal.asked("none/$passcode", user, purpose="employment")
    assert others[0] == nobodys[0] == 404
    assert others[1].replace("c1", "none") == nobodys[1]


async def test_there_is_no_passcode_for_form_2(legal):
    status, words = await legal.asked("c2/$passcode", "Person/p1", purpose="employment")
    assert status == 403
    assert "Form 2" in words


@pytest.mark.parametrize("purpose", ["", "Two words", "x" * 65, "ngân-hàng"])
async def test_a_purpose_that_is_no_code_is_refused(legal, purpose):
    given = {"purpose": purpose} if purpose else {}
    assert (await legal.asked("c1/$passcode", "Person/p1", **given))[0] in (400, 422)
