"""Answers kept a moment: never too old, asked for once, forgotten at once."""

import asyncio

import pytest

from fhir_server.store.fresh import Fresh


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


class Question:
    """Counts how often it is asked; answers when it is let."""

    def __init__(self):
        self.asked = 0
        self.may = asyncio.Event()
        self.may.set()

    async def __call__(self):
        self.asked += 1
        number = self.asked
        await self.may.wait()
        return number


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def fresh(clock):
    return Fresh(0.5, clock)


async def test_an_answer_is_kept_half_a_second_from_its_question(fresh, clock):
    ask = Question()
    ask.may.clear()
    first = asyncio.create_task(fresh.get("a", ask))
    await asyncio.sleep(0)
    clock.now = 0.4
    ask.may.set()
    assert await first == 1
    clock.now = 0.49
    assert await fresh.get("a", ask) == 1
    clock.now = 0.5
    assert await fresh.get("a", ask) == 2


async def test_of_many_who_ask_at_once_one_asks(fresh):
    ask = Question()
    assert await asyncio.gather(*(fresh.get("a", ask) for _ in range(50))) == [1] * 50
    assert await fresh.get("b", ask) == 2


async def test_nobody_waits_for_a_question_that_is_too_old(fresh, clock):
    ask = Question()
    ask.may.clear()
    first = asyncio.create_task(fresh.get("a", ask))
    await asyncio.sleep(0)
    clock.now = 0.5
    second = asyncio.create_task(fresh.get("a", ask))
    await asyncio.sleep(0)
    ask.may.set()
    assert (await first, await second) == (1, 2)
    assert await fresh.get("a", ask) == 2


async def test_what_was_asked_before_is_not_told_after_it_was_forgotten(fresh):
    ask = Question()
    ask.may.clear()
    first = asyncio.create_task(fresh.get("a", ask))
    await asyncio.sleep(0)
    fresh.forget()
    ask.may.set()
    assert await first == 1
    assert await fresh.get("a", ask) == 2


async def test_a_failure_is_told_to_all_and_not_kept(fresh):
    async def fail():
        raise LookupError

    for told in await asyncio.gather(
        fresh.get("a", fail), fresh.get("a", fail), return_exceptions=True
    ):
        assert isinstance(told, LookupError)
    assert await fresh.get("a", Question()) == 1


async def test_who_gives_up_does_not_end_it_for_the_others(fresh):
    ask = Question()
    ask.may.clear()
    gone, stays = (asyncio.create_task(fresh.get("a", ask)) for _ in range(2))
    await asyncio.sleep(0)
    gone.cancel()
    await asyncio.sleep(0)
    ask.may.set()
    assert await stays == 1
    assert gone.cancelled()


async def test_only_so_many_are_kept(clock):
    fresh, ask = Fresh(0.5, clock, most=2), Question()
    for key in "abc":
        await fresh.get(key, ask)
    assert await fresh.get("c", ask) == 3
    assert await fresh.get("a", ask) == 4


async def test_what_is_known_is_told_without_asking_until_it_is_too_old(clock, fresh):
    question = Question()
    assert fresh.known("a") is None
    assert await fresh.get("a", question) == 1
    assert (fresh.known("a"), fresh.known("b")) == (1, None)
    clock.now = 0.5
    assert fresh.known("a") is None
    assert question.asked == 1


async def test_what_is_on_its_way_or_forgotten_is_not_known(fresh):
    question = Question()
    question.may.clear()
    asking = asyncio.create_task(fresh.get("a", question))
    await asyncio.sleep(0)
    assert fresh.known("a") is None
    question.may.set()
    await asking
    fresh.forget()
    assert fresh.known("a") is None
