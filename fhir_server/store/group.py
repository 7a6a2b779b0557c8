"""Group commit: writes of many requests that wait at the same time leave in one transaction.

The first goes alone at once; who comes while it is under way goes with the next. See
docs/adr/0049-group-commit.md.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from pymongo.errors import ConnectionFailure, PyMongoError

from fhir_server.store import commit, transact
from fhir_server.store.commit import Road
from fhir_server.store.part import Part
from fhir_server.store.together import Together
from fhir_server.store.transact import Errand

MOST = 32
# A request that has come to the door is here two turns of the loop later.
_TURNS = 2


@dataclass(slots=True, eq=False)
class _Waiting:
    """An errand, the names of all it writes, and what has come of it.

    `alone`: it is to be tried again by itself; `gone`: nobody waits for it any more.
    """

    errand: Errand
    names: frozenset[str]
    came: float
    part: Part | None = None
    error: Exception | None = None
    alone: bool = False
    gone: bool = False


class Group:
    """Takes errands together; errors are those of `transact.alone`."""

    def __init__(self, road: Callable[[], Road], most: int = MOST) -> None:
        """`road` gives where they go; at most `most` go at once."""
        self._road = road
        self._together = Together(self._send, most, _TURNS)
        self._silent: tuple[float, Exception] = (float("-inf"), Exception())

    async def run(self, errand: Errand, names: frozenset[str]) -> Any:
        """Give what comes of an errand that writes what is named so, and nothing else."""
        one = _Waiting(errand, names, asyncio.get_running_loop().time())
        try:
            while not (one.part or one.error or one.alone):
                await self._together.put(lambda: [one])
        except asyncio.CancelledError:
            one.gone = True
            raise
        if one.error:
            raise one.error
        if one.part:
            return transact.told(one.part)
        return await transact.alone(self._road(), errand, before=1)

    async def _send(self, waiting: Sequence[_Waiting]) -> None:
        """Write those of these that change nothing in common; the others come again."""
        taken: set[str] = set()
        group = []
        for one in sorted(waiting, key=attrgetter("came")):
            if not one.gone and taken.isdisjoint(one.names):
                taken |= one.names
                group.append(one)
        await self._write(group, careful=False)

    async def _write(self, group: Sequence[_Waiting], *, careful: bool) -> None:
        """Write a group; where that fails each half of it, until the one that fails is alone."""
        self._tell_silence(group)
        group = [one for one in group if not one.error]
        if not group:
            return
        clock = asyncio.get_running_loop().time
        began = clock()
        try:
            errands = [one.errand for one in group]
            parts = await transact.attempt(self._road(), errands, careful=careful)
        except Exception as error:  # noqa: BLE001 - it belongs to those who wait, not to this task
            await self._failed(group, error, clock() - began)
        else:
            for one, part in zip(group, parts, strict=True):
                one.part = part

    async def _failed(self, group: Sequence[_Waiting], error: Exception, spent: float) -> None:
        """Try each half, or have each tried again by itself, or tell the error."""
        lost = _lost(error)
        if len(group) > 1 and not lost:
            for half in group[: len(group) // 2], group[len(group) // 2 :]:
                await self._write(half, careful=True)
            return
        again = isinstance(error, PyMongoError) and transact.again(error, 0, spent)
        for one in group:
            one.alone, one.error = again, None if again else error
        if lost and not again:
            self._silent = asyncio.get_running_loop().time(), error

    def _tell_silence(self, group: Iterable[_Waiting]) -> None:
        """Let those go who waited while the database was silent: they are not to wait as long."""
        since, error = self._silent
        for one in group:
            if one.came < since:
                one.error = error


def _lost(error: Exception) -> bool:
    """Say whether the database did not answer: it will not answer half of them either."""
    return isinstance(error, PyMongoError) and (
        isinstance(error, ConnectionFailure)
        or error.timeout
        or error.has_error_label(commit.UNKNOWN)
    )
