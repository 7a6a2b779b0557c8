"""`python -m benchmarks.searches`: the documented searches at 20,000 and at 200,000 observations.

Each search is asked of the whole interaction, in process, with the database beside it. What the
database examined is told by explaining the commands that were sent for it.
"""

import asyncio
import os
import random
import statistics
import tempfile
import time
from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from contextlib import ExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from uuid import uuid4

import pymongo
from pydantic import SecretStr
from pymongo import monitoring
from pymongo.errors import AutoReconnect, PyMongoError
from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress, TimeElapsedColumn

from benchmarks import hospital
from benchmarks.documented import DEEP, PAGE, SEARCHES, Search
from benchmarks.hospital import OBSERVATIONS
from fhir_server import main as root
from fhir_server.fhir import json
from fhir_server.fhir.errors import Unavailable, Unprocessable
from fhir_server.fhir.exchange import FhirRequest
from fhir_server.interactions import table
from fhir_server.interactions.context import Context
from fhir_server.interactions.dispatch import dispatch
from fhir_server.interactions.routes import Routes
from fhir_server.interactions.write import change
from fhir_server.operations import OPERATIONS
from fhir_server.settings import Settings
from fhir_server.store import embedded, write
from fhir_server.store.documents import Change

SMALL, LARGE = 200, 2_000
TIMES, FEW = 60, 3
SLOW, LONGEST = 1.0, 60
_BATCH, _SPARED = 1_000, ("lsid", "$clusterTime", "$db", "$readPreference", "txnNumber")
_ASKED = ("find", "aggregate")


@dataclass(frozen=True, slots=True)
class Cost:
    """What one command examined for what it returned; `joined` collections it looked into."""

    command: str
    keys: int
    documents: int
    returned: int
    joined: int = 0

    @property
    def ratio(self) -> float:
        """Keys or documents, whichever are more, for each returned, in each collection."""
        return max(self.keys, self.documents) / max(self.returned, 1) / (1 + self.joined)


@dataclass(frozen=True, slots=True)
class Figure:
    """One search in one hospital: seconds, and the cost of each command of one example.

    Without costs it was not answered in LONGEST seconds.
    """

    p50: float
    p95: float
    found: int
    costs: tuple[Cost, ...]

    @property
    def examined(self) -> int:
        """Keys and documents of all commands."""
        return sum(cost.keys + cost.documents for cost in self.costs)


@dataclass(slots=True)
class Watched(monitoring.CommandListener):
    """Hears every command sent; keeps those that read, by the number of the request."""

    sent: dict[int, Mapping[str, Any]] = field(default_factory=dict)

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        """Keep a query's command."""
        if event.command_name in _ASKED:
            self.sent[event.request_id] = dict(event.command)

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        """Pass over."""

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        """Forget a command that the driver sends again."""
        self.sent.pop(event.request_id, None)


@dataclass(slots=True)
class Hospital:
    """A base with citizens in it, asked in process."""

    context: Context
    routes: Routes
    watched: Watched
    citizens: int = 0

    async def grow(self, citizens: int, told: Callable[[float], None] = lambda _: None) -> None:
        """Have so many citizens; `told` hears how many resources were written."""
        new = hospital.citizens(self.citizens, citizens)
        if not self.citizens:
            new = (one for several in (hospital.organizations(), new) for one in several)
        for some in _batches(new):
            changes = [
                change(self.context, one["resourceType"], one["id"], one, method="create")
                for one in some
            ]
            await self._fill(changes)
            told(len(changes))
        self.citizens = citizens

    async def _fill(self, changes: Sequence[Change]) -> None:
        """Write what a commit would, without its transaction: nobody else is there."""
        allow = self.context.allow("create", None)
        made, _ = write.documents(allow, changes, {}, self.context.now())
        for type_, writes in made.items():
            with pymongo.timeout(5 * LONGEST):
                await self.context.store.database[type_].bulk_write(writes.live, ordered=False)

    async def ask(self, path: str) -> dict[str, Any]:
        """Give the answer of `Type?query`; SystemExit where it is none."""
        url = urlsplit(path)
        pairs = tuple(parse_qsl(url.query, keep_blank_values=True))
        answer = await dispatch(self.routes, self.context, FhirRequest("GET", url.path, pairs))
        return json.parse_object(answer.body)

    async def figure(self, search: Search, seed: int = 7) -> Figure:
        """Ask a search of many citizens and explain it for one."""
        chosen = random.Random(seed)  # noqa: S311 (which citizen is asked for, the same each time)
        first = await self._url(search, 0)
        self.watched.sent.clear()
        found = len((await self.ask(first)).get("entry", ()))
        costs = [await self._explained(command) for command in list(self.watched.sent.values())]
        seconds: list[float] = []
        while len(seconds) < _times(seconds):
            path = await self._url(search, chosen.randrange(SMALL))
            began = time.perf_counter()
            await self.ask(path)
            seconds.append(time.perf_counter() - began)
        ninety_fifth = sorted(seconds)[round(0.95 * (len(seconds) - 1))]
        return Figure(statistics.median(seconds), ninety_fifth, found, tuple(costs))

    async def _url(self, search: Search, number: int) -> str:
        path = search.ask(number)
        return await self._deep(path) if search.deep else path

    async def _deep(self, path: str) -> str:
        """Give the URL of the page behind 499 others; fewer, longer ones lead there."""
        rows, url = (DEEP - 1) * PAGE, f"{path.partition('&_count')[0]}&_count=998"
        known = _DEEP.get((self.citizens, path))
        while known is None:
            page = await self.ask(url)
            rows -= len(page["entry"])
            url = next(link["url"] for link in page["link"] if link["relation"] == "next")
            url = url.partition("/fhir/")[2]
            if rows <= 0:
                known = _DEEP[self.citizens, path] = url.replace("_count=998", f"_count={PAGE}")
        return known

    async def _explained(self, command: Mapping[str, Any]) -> Cost:
        asked = {name: value for name, value in command.items() if name not in _SPARED}
        asked.pop("readConcern", None)
        database = self.context.store.database
        told = await _patiently(
            lambda: database.command("explain", asked, verbosity="executionStats")
        )
        name = next(iter(command))
        return Cost(
            f"{name} {command[name]}",
            sum(_all(told, "totalKeysExamined")),
            sum(_all(told, "totalDocsExamined")),
            next(iter(_all(told, "nReturned")), 0),
            str(asked).count("'$lookup'"),
        )


async def _figure(hospital_: Hospital, search: Search) -> Figure:
    try:
        return await hospital_.figure(search)
    except (Unprocessable, Unavailable, PyMongoError):
        return Figure(float("inf"), float("inf"), 0, ())


async def _patiently(ask: Callable[[], Awaitable[Any]]) -> Any:
    """Ask again where a long question made the driver think that the server was gone."""
    for left in range(FEW, -1, -1):
        try:
            with pymongo.timeout(LONGEST):
                return await ask()
        except AutoReconnect:
            if not left:
                raise
    return None


def _times(seconds: Sequence[float]) -> int:
    """Give how often a search is asked: the longer it takes, the fewer."""
    longest = max(seconds, default=0)
    return 1 if longest > 10 * SLOW else FEW if longest > SLOW else TIMES


_DEEP: dict[tuple[int, str], str] = {}


def _all(told: Any, name: str) -> Iterator[int]:
    """Yield every value under a name, the outermost first."""
    if isinstance(told, Mapping):
        if isinstance(told.get(name), int):
            yield told[name]
        for inner in told.values():
            yield from _all(inner, name)
    elif isinstance(told, list):
        for inner in told:
            yield from _all(inner, name)


def _batches(items: Iterable[Any]) -> Iterator[list[Any]]:
    some: list[Any] = []
    for item in items:
        some.append(item)
        if len(some) == _BATCH:
            yield some
            some = []
    if some:
        yield some


@asynccontextmanager
async def opened(uri: str) -> AsyncIterator[Hospital]:
    """Give an empty hospital in a database of its own, dropped at the end."""
    watched = Watched()
    monitoring.register(watched)
    settings = Settings(
        mongodb_uri=SecretStr(uri), database=f"searches_{uuid4().hex}", search_seconds=LONGEST
    )
    guests = root.plugins(settings)
    spec = root.definitions(guests)
    async with root.health_store(settings) as store:
        indexes = root.default_indexes()
        context = root.health_context(settings, spec, store)
        context = await root.prepared(context, indexes)
        yield Hospital(context, table.build(OPERATIONS), watched)
        # The server may still be at a question that was given up.
        with suppress(PyMongoError), pymongo.timeout(120):
            await store.database.client.drop_database(store.database.name)


async def measured(uri: str, progress: Progress) -> dict[str, tuple[Figure, Figure]]:
    """Give each search's figures in the small and in the large hospital."""
    found: dict[str, list[Figure]] = {search.name: [] for search in SEARCHES}
    async with opened(uri) as hospital_:
        for citizens in (SMALL, LARGE):
            new = (citizens - hospital_.citizens) * (1 + hospital.VISITS + OBSERVATIONS)
            loading = progress.add_task(
                f"loading {citizens * OBSERVATIONS} observations", total=new
            )
            await hospital_.grow(citizens, partial(progress.advance, loading))
            asking = progress.add_task("asking", total=len(SEARCHES))
            for search in SEARCHES:
                found[search.name].append(figure := await _figure(hospital_, search))
                progress.console.print(f"{search.name}: {figure}")
                progress.advance(asking)
    return {name: (small, large) for name, (small, large) in found.items()}


def main() -> None:
    """Measure, and print the table of docs/search-performance.md."""
    with ExitStack() as stack:
        uri = os.environ.get("FHIR_MONGODB_URI")
        if not uri:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="fhir-searches-"))
            uri = stack.enter_context(embedded.running(Path(folder) / "mongodb"))
        columns = (*Progress.get_default_columns(), MofNCompleteColumn(), TimeElapsedColumn())
        with Progress(*columns, console=Console(stderr=True)) as progress:
            figures = asyncio.run(measured(uri, progress))
    print("| search | found | examined for each returned | p50 | p95 | p50 at 20k |")
    print("|---|---|---|---|---|---|")
    for name, (small, large) in figures.items():
        if not large.costs:
            print(f"| {name} | not answered in {LONGEST} s | | | | {small.p50 * 1000:.1f} ms |")
            continue
        worst = max((cost.ratio for cost in large.costs), default=0)
        print(
            f"| {name} | {large.found} | {worst:.1f} | {large.p50 * 1000:.1f} ms "
            f"| {large.p95 * 1000:.1f} ms | {small.p50 * 1000:.1f} ms |"
        )


if __name__ == "__main__":
    main()
