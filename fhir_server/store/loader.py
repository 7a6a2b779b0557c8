"""Joins reads by id, or by id and version, that wait at the same time into one query.

The first caller's query starts at the loop's next turn; who comes while it runs joins the next.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Generic, TypeVar

Key = TypeVar("Key")
Found = TypeVar("Found")
Waiting = dict[str, list[asyncio.Future[Found | None]]]

MOST = 32


class Loader(Generic[Key, Found]):
    """The reads by id that wait, by what may be asked for in one query: the key."""

    def __init__(
        self, fetch: Callable[[Key, Collection[str]], Awaitable[Mapping[str, Found]]]
    ) -> None:
        """`fetch(key, ids)` gives what it finds by id."""
        self._fetch = fetch
        self._waiting: dict[Key, Waiting[Found]] = {}
        self._running: set[asyncio.Task[None]] = set()

    async def read(self, key: Key, id_: str) -> Found | None:
        """Give what is found under one id, None without it."""
        waiting = self._waiting.get(key)
        if waiting is None:
            waiting = self._waiting[key] = {}
            task = asyncio.create_task(self._drain(key))
            self._running.add(task)
            task.add_done_callback(self._running.discard)
        answer: asyncio.Future[Found | None] = asyncio.get_running_loop().create_future()
        waiting.setdefault(id_, []).append(answer)
        return await answer

    async def _drain(self, key: Key) -> None:
        while waiting := self._waiting[key]:
            first = list(waiting)[:MOST]
            batch = {id_: waiting.pop(id_) for id_ in first}
            await self._answer(key, batch)
        del self._waiting[key]

    async def _answer(self, key: Key, batch: Waiting[Found]) -> None:
        open_ = [(id_, answer) for id_, answers in batch.items() for answer in answers]
        try:
            found = await self._fetch(key, batch.keys())
        except Exception as error:  # noqa: BLE001 - it belongs to those who wait, not to this task
            for _, answer in open_:
                if not answer.done():
                    answer.set_exception(error)
            return
        for id_, answer in open_:
            if not answer.done():
                answer.set_result(found.get(id_))
