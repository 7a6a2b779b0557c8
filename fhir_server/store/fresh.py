"""Answers that are kept a moment, and asked for once at a time."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Hashable
from typing import Any, TypeVar

Answer = TypeVar("Answer")


class Fresh:
    """Answers by key, none older than `seconds`; of many who ask at once one asks.

    `clock` gives seconds. At most `most` answers are kept.
    """

    def __init__(
        self, seconds: float, clock: Callable[[], float] = time.monotonic, most: int = 10_000
    ) -> None:
        """Nothing is asked yet."""
        self._seconds = seconds
        self._clock = clock
        self._most = most
        self._known: dict[Hashable, tuple[float, Any]] = {}
        self._asking: dict[Hashable, tuple[float, asyncio.Task[Any]]] = {}

    def known(self, key: Hashable) -> Any | None:
        """Give the answer where it is known now, else None."""
        known = self._known.get(key)
        return known[1] if known is not None and self._clock() < known[0] else None

    async def get(self, key: Hashable, ask: Callable[[], Awaitable[Answer]]) -> Answer:
        """Give what `ask` says under this key, now or a moment ago; raise what it raises."""
        now = self._clock()
        known = self._known.get(key)
        if known is not None and now < known[0]:
            answer: Answer = known[1]
            return answer
        # An answer is as old as its question: what is committed meanwhile may not be in it.
        until, task = self._asking.get(key, (now, None))
        if task is None or now >= until:
            task = asyncio.create_task(self._ask(key, ask, now + self._seconds))
            self._asking[key] = (now + self._seconds, task)
            # Who gave up waiting does not hear of a failure.
            task.add_done_callback(lambda done: done.cancelled() or done.exception())
        shared: Answer = await asyncio.shield(task)
        return shared

    def forget(self) -> None:
        """Ask anew, whatever is known or on its way."""
        self._known.clear()
        self._asking.clear()

    async def _ask(self, key: Hashable, ask: Callable[[], Awaitable[Any]], until: float) -> Any:
        asking = asyncio.current_task()
        try:
            answer = await ask()
        finally:
            mine = self._asking.get(key, (0, None))[1] is asking
            if mine:
                del self._asking[key]
        if mine:
            if len(self._known) >= self._most:
                self._known.clear()
            self._known[key] = (until, answer)
        return answer
