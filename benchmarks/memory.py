"""L1: the application as it is, over a repository in this process instead of a database.

`python -m uvicorn benchmarks.memory:application --factory` serves it with the hospital of
`BENCH_CITIZENS` in it. It keeps what stands, and no past but what `vread` is asked for.
"""

import gc
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Self, TypeVar

from msgspec import structs

from benchmarks.found import Documents
from benchmarks.rows import Site, resources
from fhir_server import main as root
from fhir_server.base import Base
from fhir_server.fhir.exchange import FhirResponse
from fhir_server.http import log
from fhir_server.http.app import App, Served
from fhir_server.interactions import table
from fhir_server.interactions.write import change
from fhir_server.operations import OPERATIONS
from fhir_server.search.condition import Condition, Everything, both
from fhir_server.search.cursor import values_of
from fhir_server.search.query import SortKey
from fhir_server.settings import Settings
from fhir_server.store import reads, write
from fhir_server.store.costs import Costs, Facts
from fhir_server.store.documents import Document, Page, Stored, stored
from fhir_server.store.once import Once
from fhir_server.store.reviews import Review
from fhir_server.store.steps import Allow
from fhir_server.store.store import ALL, NEWEST, Store
from fhir_server.store.transact import Plan, Transaction

# Nobody listens there: whatever asks the database all the same is heard of at once.
NOWHERE = "mongodb://127.0.0.1:1/?directConnection=true"
# The generation of the garbage collector that has everything in it.
_OLDEST = 2
Result = TypeVar("Result")


class Repository(Store):
    """A base's resources in a dict, behind what the floors above ask of a store."""

    documents: Documents
    pages: dict[Any, Page]

    @classmethod
    def empty(cls) -> Self:
        """Give one without resources."""
        made = cls.open(NOWHERE, "nowhere")
        made.documents, made.pages = Documents(), {}
        made.costs = _Free(made.database, 0)
        return made

    async def probe(self) -> None:
        """Take writes."""

    async def read(self, allow: Condition, type_: str, id_: str) -> Stored | None:
        """Give what stands there; None where nothing does."""
        del allow
        return self.watch.one(self.documents.stored(type_, id_))

    async def read_many(
        self, allow: Condition, type_: str, ids: Collection[str]
    ) -> Mapping[str, Stored]:
        """Give what stands there, by id."""
        del allow
        found = {id_: self.documents.stored(type_, id_) for id_ in ids}
        return {id_: one for id_, one in found.items() if one}

    async def vread(self, allow: Condition, type_: str, id_: str, version: int) -> Stored | None:
        """Give the version that stands, or one it followed."""
        del allow
        return self.documents.version(type_, id_, version)

    async def settled(self, type_: str, condition: Condition) -> Condition:
        """Give the condition: none that is asked here is open."""
        del type_
        return condition

    async def search(
        self,
        allow: Condition,
        type_: str,
        condition: Condition,
        sort: reads.Sort = NEWEST,
        limit: int = 100,
        *,
        size: int | None = None,
        computed: Mapping[str, SortKey] = MappingProxyType({}),
        rest: Condition = ALL,
        bare: bool = False,
        names: Sequence[str] = (),
    ) -> Page:
        """Give a page; what was asked before is answered with the page of then."""
        del size, bare
        assert not computed, "no order here is computed"
        key = (type_, condition, tuple(sort), limit, rest, tuple(names))
        if key not in self.pages:
            rows = self.documents.found(type_, both(both(condition, rest), allow), sort)
            self.pages[key] = _page(type_, rows, sort, limit, names)
        return self.pages[key]

    async def transact(
        self, allow: Allow, plan: Plan, *, only: Collection[str] = ()
    ) -> list[Stored]:
        """Run the plan and keep what it makes."""
        del only

        async def told(made: Sequence[Stored], _: Self) -> list[Stored]:
            return list(made)

        return await self._kept(allow, plan, told)

    async def answer(
        self,
        allow: Allow,
        plan: Plan,
        finish: Callable[[Sequence[Stored], Self], Awaitable[FhirResponse]],
        unique: Once | None = None,
        *,
        only: str = "",
    ) -> FhirResponse:
        """Run the plan, keep what it makes, give the answer to it."""
        del unique, only
        return await self._kept(allow, plan, finish)

    async def _kept(
        self,
        allow: Allow,
        plan: Plan,
        finish: Callable[[Sequence[Stored], Self], Awaitable[Result]],
    ) -> Result:
        changes = await plan(Within(self.database, None, allow, repository=self))  # type: ignore[arg-type]  # no session here
        ordered = write.in_order(changes)
        before = self.documents.before(ordered)
        write.judge(allow, ordered, before)
        _, made = write.documents(allow, ordered, before, self.clock.tick())
        by_key = {(one.type, one.id): one for one in made}
        self.documents.put(ordered, made)
        return await finish([by_key[one.type, one.id] for one in changes], self)


@dataclass(frozen=True, slots=True)
class Within(Transaction):
    """What a plan may ask of the repository; nobody comes between."""

    repository: Repository | None = None

    @property
    def _documents(self) -> Documents:
        assert self.repository is not None
        return self.repository.documents

    async def search(
        self, type_: str, condition: Condition, limit: int, step: str = "search-type"
    ) -> tuple[Stored, ...]:
        """Give what the condition holds for."""
        del step
        rows = self._documents.found(type_, condition, ())[:limit]
        return tuple(stored(type_, row) for row in rows)

    async def plain(self, type_: str, condition: Condition) -> Condition:
        """Give the condition: none that is asked here is open."""
        del type_
        return condition

    async def matching(
        self, type_: str, conditions: Any, most: int
    ) -> Mapping[Condition, Sequence[str]]:
        """Give by condition the ids it holds for."""
        return {
            one: [row["_id"] for row in self._documents.found(type_, one, ())[:most]]
            for one in conditions
        }

    async def last_version(self, type_: str, id_: str, step: str = "read") -> Stored | None:
        """Give the current version, without its body."""
        del step
        found = self._documents.stored(type_, id_)
        return structs.replace(found, body=None) if found else None

    async def fields(
        self, allow: Condition, type_: str, condition: Condition, names: Sequence[str], limit: int
    ) -> dict[str, Document]:
        """Give by id the named index fields."""
        del allow
        return {
            row["_id"]: {name: row["x"][name] for name in names if name in row["x"]}
            for row in self._documents.found(type_, condition, ())[:limit]
        }

    async def definitions(self, limit: int) -> list[Document]:
        """Give no SearchParameters."""
        del limit
        return []

    async def deleted(self, condition: Condition, limit: int) -> list[tuple[str, str]]:
        """Give nothing: nothing is deleted here."""
        del condition, limit
        return []

    async def review(self, review: Review) -> None:
        """Queue nothing."""

    async def lock(self, *keys: str) -> None:
        """Wait for nobody."""


class _Free(Costs):
    """What a search of a small type costs."""

    async def facts(self, type_: str) -> Facts:
        """Give the facts of a type nobody has to be warned of."""
        del type_
        return Facts()


def _page(
    type_: str, rows: Sequence[Document], sort: reads.Sort, limit: int, names: Sequence[str]
) -> Page:
    found = rows[:limit]
    return Page(
        tuple(stored(type_, row) for row in found),
        more=len(rows) > limit,
        first=values_of(sort, found[0]) if found else (),
        last=values_of(sort, found[-1]) if found else (),
        fields={row["_id"]: row["x"] for row in found} if names else {},
    )


def _kept(phase: str, told: Mapping[str, Any]) -> None:
    """Spare the collector what is kept: other servers have it in a database."""
    if phase == "start" and told["generation"] == _OLDEST:
        gc.freeze()


def application() -> App:
    """Give the ASGI application of this process."""
    gc.set_threshold(root.GARBAGE)
    log.configure()
    return App(served)


@asynccontextmanager
async def served() -> AsyncIterator[Served]:
    """Open the health base over a repository with the hospital in it."""
    settings = Settings(auth="none")
    guests = root.plugins(settings)
    repository = Repository.empty()
    context = root.health_context(settings, root.definitions(guests), repository)
    context = context.but(cursor_key=os.urandom(32))
    for some in resources(Site(citizens=int(os.environ.get("BENCH_CITIZENS", "0")))):
        changes = [
            change(context, one["resourceType"], one["id"], one, method="update") for one in some
        ]
        await repository.commit(Everything(), changes)
    operations = [*OPERATIONS, *(one for guest in guests for one in guest.operations)]
    routes = table.build(operations)
    gc.collect()
    gc.freeze()
    gc.callbacks.append(_kept)
    yield Served((Base("/fhir", context, routes),))
