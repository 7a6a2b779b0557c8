"""Joins reads by id that wait at the same time into one query.

The first caller's query starts at the loop's next turn; who comes while it runs joins the next.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping

from fhir_server.search.condition import Condition
from fhir_server.store.documents import Stored

Key = tuple[str, Condition]
Fetch = Callable[[Condition, str, Collection[str]], Awaitable[Mapping[str, Stored]]]
Waiting = dict[str, list[asyncio.Future[Stored | None]]]

MOST = 500


class Loader:
    """The reads by id that wait, by type and access decision."""

    def __init__(self, fetch: Fetch) -> None:
        """`fetch(allow, type, ids)` gives what it finds by id."""
        self._fetch = fetch
        self._waiting: dict[Key, Waiting] = {}
        self._running: set[asyncio.Task[None]] = set()

    async def read(self, allow: Condition, type_: str, id_: str) -> Stored | None:
        """Give the current version or the tombstone of one resource, None without either."""
        key = (type_, allow)
        if key not in self._waiting:
            self._waiting[key] = {}
            task = asyncio.create_task(self._drain(key))
            self._running.add(task)
            task.add_done_callback(self._running.discard)
        answer: asyncio.Future[Stored | None] = asyncio.get_running_loop().create_future()
        self._waiting[key].setdefault(id_, []).append(answer)
        return await answer

    async def _drain(self, key: Key) -> None:
        while waiting := self._waiting[key]:
            first = list(waiting)[:MOST]
            batch = {id_: waiting.pop(id_) for id_ in first}
            await self._answer(key, batch)
        del self._waiting[key]

    async def _answer(self, key: Key, batch: Waiting) -> None:
        type_, allow = key
        open_ = [(id_, answer) for id_, answers in batch.items() for answer in answers]
        try:
            found = await self._fetch(allow, type_, batch.keys())
        except Exception as error:  # noqa: BLE001 - it belongs to those who wait, not to this task
            for _, answer in open_:
                if not answer.done():
                    answer.set_exception(error)
            return
        for id_, answer in open_:
            if not answer.done():
                answer.set_result(found.get(id_))
