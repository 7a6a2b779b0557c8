"""What is to be done for each request, but not before it is answered: done for many in a row.

That takes half the time of one now and then (docs/adr/0048-lines-in-groups.md).
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

One = TypeVar("One")


class Turns(Generic[One]):
    """Collects what comes in one turn of the loop, and hands it over at the next."""

    def __init__(self, do: Callable[[Sequence[One]], None]) -> None:
        """`do` is given all of a turn, in the order it came; it raises nothing."""
        self._do = do
        self._waiting: list[One] = []

    def add(self, one: One) -> None:
        """Have this done soon."""
        if not self._waiting:
            asyncio.get_running_loop().call_soon(self.end)
        self._waiting.append(one)

    def end(self) -> None:
        """Do now what waits."""
        if self._waiting:
            waiting, self._waiting = self._waiting, []
            self._do(waiting)
