"""A hybrid logical clock: near the wall's time, never the same value twice, never backwards."""

import time
from collections.abc import Callable


def wall() -> int:
    """Give the wall clock's time in microseconds since the Unix epoch."""
    return time.time_ns() // 1000


class Clock:
    """Stamps in int microseconds, strictly increasing, always after every stamp shown to it.

    Kulkarni and others, Logical Physical Clocks, 2014, with both parts in one number.
    """

    __slots__ = ("_last", "_now")

    def __init__(self, now: Callable[[], int] = wall) -> None:
        """`now` gives the wall clock's microseconds."""
        self._now = now
        self._last = 0

    def observe(self, ts: int) -> None:
        """Make every later stamp come after `ts`."""
        self._last = max(self._last, ts)

    def tick(self) -> int:
        """Give a new stamp."""
        self._last = max(self._last + 1, self._now())
        return self._last
