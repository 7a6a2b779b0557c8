"""Who waits at the same time is served in one write."""

import asyncio
from functools import partial

from fhir_server.store.together import Together


class Sent:
    """Keeps each group when it is let."""

    def __init__(self):
        self.groups = []
        self.may = asyncio.Event()

    async def __call__(self, group):
        await self.may.wait()
        self.groups.append(list(group))


async def test_who_comes_while_a_group_is_under_way_is_in_the_next():
    sent = Sent()
    together = Together(sent)
    first = asyncio.create_task(together.put(lambda: ["a"]))
    await asyncio.sleep(0)
    others = [asyncio.create_task(together.put(partial(list, one * 2))) for one in "bc"]
    await asyncio.sleep(0)
    sent.may.set()
    await asyncio.gather(first, *others)
    assert sent.groups == [["a"], ["b", "b", "c", "c"]]


async def test_who_is_on_the_way_comes_along():
    sent = Sent()
    sent.may.set()
    together = Together(sent, most=3, turns=2)
    asked = []
    for one in "abcd":
        asked.append(asyncio.create_task(together.put(partial(list, one))))
        await asyncio.sleep(0)
    await asyncio.gather(*asked)
    assert sent.groups == [["a", "b", "c"], ["d"]]


async def test_a_group_is_closed_with_the_one_that_fills_it():
    sent = Sent()
    sent.may.set()
    together = Together(sent, most=3)
    await asyncio.gather(*(together.put(partial(list, one)) for one in ("aa", "bb", "cc")))
    assert [len(group) for group in sent.groups] == [4, 2]


async def test_a_failure_is_told_to_each_of_its_group_and_to_nobody_after():
    down = [True]

    async def send(_):
        if down.pop():
            raise OSError("away")
        down.append(False)

    together = Together(send)
    answers = await asyncio.gather(
        *(together.put(partial(list, one)) for one in "ab"), return_exceptions=True
    )
    assert [type(one) for one in answers] == [OSError, OSError]
    down.append(False)
    await together.put(lambda: ["c"])
