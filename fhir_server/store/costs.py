"""What searches cost: a type's size and indexes, MongoDB's plans, estimates, and what was slow."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic
from typing import Any

import pymongo
from msgspec import structs
from pymongo.errors import PyMongoError

from fhir_server.fhir.errors import FhirError
from fhir_server.search.condition import Condition
from fhir_server.search.cursor import Step
from fhir_server.search.plan import Keys
from fhir_server.search.shape import Shape
from fhir_server.store import client, explain, slow, totals
from fhir_server.store.documents import check_key
from fhir_server.store.filters import checked
from fhir_server.store.horizon import Database
from fhir_server.store.veil import Veil

# How old the facts of a type may be, but for the moment they are asked again.
SECONDS = 30.0
# MongoDB knows a collection's size; the embedded server counts, and is not asked again so soon.
COUNT_SECONDS, UNCOUNTED_SECONDS = 1.0, 600.0


@dataclass(frozen=True, slots=True)
class Facts:
    """About how many resources of a type there are, and the indexes any search may use.

    `count` is None where there are too many to be counted in time.
    """

    count: int | None = 0
    indexes: tuple[Keys, ...] = ()


class Costs:
    """What is asked beside a search, outside any transaction."""

    def __init__(self, database: Database, seconds: float, veil: Veil | None = None) -> None:
        """Ask of this database; an explained search may take so many seconds."""
        self._veil = veil
        self._database = database
        self._seconds = seconds
        self._known: dict[str, tuple[float, Facts]] = {}
        self._behind: set[asyncio.Task[None]] = set()

    async def close(self) -> None:
        """End what is done behind answers."""
        await asyncio.gather(*self._behind)

    async def facts(self, type_: str) -> Facts:
        """Give the facts of a type; whoever comes while they are asked again gets the old ones."""
        until, facts = self._known.get(type_, (0.0, Facts()))
        now = monotonic()
        if now >= until:
            if until:
                self._known[type_] = (now + SECONDS, facts)
            with client.reachable():
                facts = await _asked(self._database, type_)
            kept = SECONDS if facts.count is not None else UNCOUNTED_SECONDS
            self._known[type_] = (now + kept, facts)
        return facts

    async def explain(
        self,
        allow: Condition,
        type_: str,
        condition: Condition,
        *,
        step: Step,
        limit: int,
    ) -> list[str]:
        """Give what MongoDB says of a search: see `explain.explain`."""
        if self._veil:
            allow, condition = self._veil.asked(checked(allow)), self._veil.asked(condition)
            step = structs.replace(step, rest=self._veil.asked(step.rest))
        with client.reachable():
            async with client.bounded(self._database, self._seconds):
                return await explain.explain(
                    self._database, allow, type_, condition, step=step, limit=limit
                )

    async def estimate(
        self, allow: Condition, type_: str, condition: Condition, seconds: float
    ) -> int | None:
        """Estimate how many resources the condition holds for: see `totals.estimate`."""
        if self._veil:
            allow, condition = self._veil.asked(checked(allow)), self._veil.asked(condition)
        with client.reachable():
            return await totals.estimate(self._database, allow, type_, condition, seconds)

    def note(self, shape: Shape, ms: int) -> None:
        """Note a slow search behind the answer; it is lost where the database does not answer."""

        async def noting() -> None:
            with suppress(FhirError), client.reachable():
                await slow.note(self._database, shape, ms)

        task = asyncio.get_running_loop().create_task(noting())
        self._behind.add(task)
        task.add_done_callback(self._behind.discard)

    async def noted(self) -> list[slow.Slow]:
        """Give what was noted of slow searches, what took longest in all first."""
        with client.reachable():
            return await slow.noted(self._database)


async def _asked(database: Database, type_: str) -> Facts:
    check_key(type_)
    rows = await (await database[type_].list_indexes()).to_list()
    indexes = tuple(keys for row in rows if (keys := _keys(row)))
    try:
        with pymongo.timeout(COUNT_SECONDS):
            return Facts(await database[type_].estimated_document_count(), indexes)
    except PyMongoError as error:
        if not error.timeout:
            raise
        return Facts(None, indexes)


def _keys(row: Mapping[str, Any]) -> Keys:
    """Give the keys of an index; none of one that is partial, sparse, hidden or of another kind."""
    ways = row["key"].values()
    plain = all(isinstance(way, int | float) for way in ways)
    if not plain or any(row.get(word) for word in ("sparse", "hidden", "partialFilterExpression")):
        return ()
    return tuple((field, int(way)) for field, way in row["key"].items())
