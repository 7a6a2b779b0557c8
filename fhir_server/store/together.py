"""Writes that wait at the same time go in one: who comes while one is under way joins the next.

What is written is made when its write begins, all in a row: that takes half the time of one now and
then.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

MOST = 1000
One = TypeVar("One")


class Together(Generic[One]):
    """Hands over in groups, one at a time, in the order they came."""

    def __init__(
        self, send: Callable[[Sequence[One]], Awaitable[None]], most: int = MOST, turns: int = 0
    ) -> None:
        """`send` keeps a group; what it raises is raised to each who waits for it.

        A group is closed with the one that fills it to `most`, or when the loop has come round
        `turns` times without another: at load it brings many, without load it is round at once.
        """
        self._send = send
        self._most = most
        self._turns = turns
        self._waiting: deque[tuple[Callable[[], Sequence[One]], asyncio.Future[None]]] = deque()
        self._sending: asyncio.Task[None] | None = None

    async def put(self, make: Callable[[], Sequence[One]]) -> None:
        """Return when what this makes is kept. Raises what making or keeping it raises."""
        kept: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((make, kept))
        if self._sending is None:
            self._sending = asyncio.create_task(self._drain())
        await kept

    async def _drain(self) -> None:
        try:
            while self._waiting:
                await self._come()
                await self._next()
        finally:
            self._sending = None

    async def _come(self) -> None:
        """Let those come who are on their way already."""
        there, quiet = len(self._waiting), 0
        while quiet < self._turns and there < self._most:
            await asyncio.sleep(0)
            there, before = len(self._waiting), there
            quiet = quiet + 1 if there == before else 0

    async def _next(self) -> None:
        """Make and hand over what came first, as much as goes in one write."""
        made: list[One] = []
        group: list[asyncio.Future[None]] = []
        while self._waiting and len(made) < self._most:
            make, kept = self._waiting.popleft()
            try:
                made += make()
            except Exception as error:  # noqa: BLE001 - it belongs to the one who waits
                _tell(kept, error)
            else:
                group.append(kept)
        failed: Exception | None = None
        try:
            if made:
                await self._send(made)
        except Exception as error:  # noqa: BLE001 - it belongs to those who wait, not to this task
            failed = error
        for kept in group:
            _tell(kept, failed)


def _tell(kept: asyncio.Future[None], failed: Exception | None) -> None:
    """Let the one who waits go on; who gave up waiting hears nothing."""
    if not kept.done():
        kept.set_exception(failed) if failed else kept.set_result(None)
