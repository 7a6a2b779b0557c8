"""Reads that wait together are one query."""

import asyncio

import pytest

from fhir_server.fhir.errors import Unavailable
from fhir_server.search.condition import AnyOf, Everything
from fhir_server.store.documents import Stored
from fhir_server.store.loader import Loader

ALL = Everything()


class Fetches:
    """Records what is asked; answers when told to."""

    def __init__(self):
        self.asked = []
        self.was_asked = asyncio.Event()
        self.may_answer = asyncio.Event()

    async def __call__(self, key, ids):
        allow, type_ = key
        self.asked.append((allow, type_, list(ids)))
        self.was_asked.set()
        await self.may_answer.wait()
        return {id_: Stored(type_, id_, 1, 1, b"{}") for id_ in ids if id_ != "none"}


async def test_calls_of_one_moment_are_one_query():
    fetch = Fetches()
    fetch.may_answer.set()
    loader = Loader(fetch)
    found = await asyncio.gather(*(loader.read((ALL, "Patient"), id_) for id_ in ["a", "b", "a"]))
    assert [one.id for one in found] == ["a", "b", "a"]
    assert fetch.asked == [(ALL, "Patient", ["a", "b"])]


async def test_who_comes_while_a_query_runs_is_not_answered_by_it():
    fetch = Fetches()
    loader = Loader(fetch)
    first = asyncio.create_task(loader.read((ALL, "Patient"), "a"))
    await fetch.was_asked.wait()
    later = asyncio.create_task(loader.read((ALL, "Patient"), "a"))
    await asyncio.sleep(0)
    fetch.may_answer.set()
    await asyncio.gather(first, later)
    assert len(fetch.asked) == 2


async def test_types_and_decisions_are_never_mixed():
    fetch = Fetches()
    fetch.may_answer.set()
    loader = Loader(fetch)
    mine = AnyOf("x.a", ("1",))
    await asyncio.gather(
        loader.read((ALL, "Patient"), "a"),
        loader.read((mine, "Patient"), "a"),
        loader.read((ALL, "Encounter"), "a"),
    )
    assert len(fetch.asked) == 3


async def test_what_is_not_found_is_none():
    fetch = Fetches()
    fetch.may_answer.set()
    assert await Loader(fetch).read((ALL, "Patient"), "none") is None


async def test_an_error_reaches_all_who_wait_and_the_next_call_works():
    fail = True

    async def fetch(_, ids):
        if fail:
            raise Unavailable("down")
        return {}

    loader = Loader(fetch)
    calls = [loader.read((ALL, "Patient"), "a") for _ in range(3)]
    answers = await asyncio.gather(*calls, return_exceptions=True)
    assert [type(answer) for answer in answers] == [Unavailable] * 3
    fail = False
    assert await loader.read((ALL, "Patient"), "a") is None


async def test_one_who_gives_up_does_not_disturb_the_others():
    fetch = Fetches()
    loader = Loader(fetch)
    one, other = (asyncio.create_task(loader.read((ALL, "Patient"), "a")) for _ in range(2))
    await fetch.was_asked.wait()
    one.cancel()
    with pytest.raises(asyncio.CancelledError):
        await one
    fetch.may_answer.set()
    assert (await other).id == "a"
