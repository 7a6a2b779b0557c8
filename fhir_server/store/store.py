"""One base's own database: everything the floors above may ask of it."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from types import MappingProxyType
from typing import Any, Self

from msgspec import structs
from pymongo.asynchronous.client_session import AsyncClientSession

from fhir_server.fhir.audit_event import TYPE
from fhir_server.fhir.errors import Unprocessable
from fhir_server.fhir.exchange import FhirResponse
from fhir_server.search.condition import Condition, Everything
from fhir_server.search.query import SortKey
from fhir_server.store import (
    client,
    fields,
    history,
    horizon,
    indexes,
    joins,
    probe,
    reads,
    secrets,
    system_history,
    totals,
    transact,
)
from fhir_server.store.audit import Facts, Watch, Witness
from fhir_server.store.clock import Clock, wall
from fhir_server.store.closures import Closures
from fhir_server.store.commit import Road
from fhir_server.store.concept_loads import ConceptLoads
from fhir_server.store.concepts import Concepts
from fhir_server.store.costs import Costs
from fhir_server.store.definitions import Definitions
from fhir_server.store.documents import Change, Document, Page, Stored
from fhir_server.store.filters import checked
from fhir_server.store.group import Group
from fhir_server.store.history import Span
from fhir_server.store.horizon import Commit
from fhir_server.store.indexing import Indexing
from fhir_server.store.jobs import Jobs
from fhir_server.store.joins import BOUNDS, Bounds, Joins
from fhir_server.store.loader import Loader
from fhir_server.store.once import Once
from fhir_server.store.records import Reading
from fhir_server.store.relations import Relations
from fhir_server.store.reviews import Reviews
from fhir_server.store.steps import Allow
from fhir_server.store.transact import Errand, Plan
from fhir_server.store.veil import Veil

NEWEST = (SortKey("ts", descending=True), SortKey("_id"))
ALL = Everything()


class Store:
    """The database of one base. Errors are fhir.errors; Unavailable when it does not answer.

    `allow` is the access decision's condition, or a function that gives it for a type; without
    one a call raises TypeError. Every ts is int microseconds since the Unix epoch, UTC.
    """

    def __init__(
        self, database: horizon.Database, clock: Clock, patience: float, bounds: Bounds = BOUNDS
    ) -> None:
        """Use `Store.open`."""
        self.database = database
        self.clock = clock
        self.jobs, self.closures = Jobs(database), Closures(database)
        self.costs = Costs(database, bounds.seconds)
        self.definitions = Definitions(database)
        self.concepts = Concepts(database)
        self.concept_loads = ConceptLoads(database)
        self.indexing = Indexing(database)
        self.relations = Relations(database)
        self.reviews = Reviews(database)
        self._patience, self._bounds = patience, bounds
        self._writer = horizon.Writer(database, clock)
        self._loader = Loader(self._fetch)
        self._group = Group(self._road)
        self.records = Reading(database)
        self.watch = Watch()
        self.veil: Veil | None = None
        self._session: AsyncClientSession | None = None
        self._turn: AbstractAsyncContextManager[Any] = nullcontext()

    def watched(self, witness: Witness) -> Self:
        """Give this store with a witness of what leaves it, who notes each write within it."""
        return self._view(watch=Watch(self.watch.audit, witness))

    def within(self, session: AsyncClientSession) -> Self:
        """Give this store as a transaction sees it: reads only, one after the other."""
        return self._view(_session=session, _turn=asyncio.Lock(), watch=self.watch.again())

    async def note(self, facts: Facts) -> None:
        """Keep the facts this makes: in the transaction, or before this returns."""
        async with self._turn:
            await self.watch.write(facts, self._session)

    def _view(self, **differs: Any) -> Self:
        # Half of what copy.copy costs, on the way of every read.
        view = object.__new__(type(self))
        vars(view).update(vars(self), **differs)
        return view

    @classmethod
    def open(
        cls,
        uri: str,
        database: str,
        *,
        now: Callable[[], int] = wall,
        patience: float = 10.0,
        bounds: Bounds = BOUNDS,
    ) -> Self:
        """Give the store of a database; nothing is sent yet.

        `now`: the wall clock in microseconds. `patience`: seconds a write goes on trying while
        others come between.
        """
        return cls(client.opened(uri, database, bounds.lanes), Clock(now), patience, bounds)

    async def prepare(self) -> None:
        """Make the store's own collections and their indexes; may be repeated."""
        with client.reachable():
            await indexes.prepare(self.database)

    async def close(self) -> None:
        """Give back the lease and the connections."""
        await self.costs.close()
        await self._writer.close()
        await self.database.client.close()

    async def read(self, allow: Condition, type_: str, id_: str) -> Stored | None:
        """Give the current version or the tombstone, None without either; joins other callers."""
        return await self._one(reads.read_many, allow, type_, id_)

    async def read_many(
        self, allow: Condition, type_: str, ids: Collection[str]
    ) -> Mapping[str, Stored]:
        """Give by id the current versions or tombstones; what is not there is left out."""
        found = await self._fetch((reads.read_many, allow, type_), ids)
        self.watch.all(found.values())
        return found

    async def vread(self, allow: Condition, type_: str, id_: str, version: int) -> Stored | None:
        """Give one version, a tombstone too; None when it never was; joins other callers."""
        return await self._one(reads.versions, allow, type_, f"{id_}/{version}")

    async def history(
        self,
        allow: Condition,
        type_: str,
        id_: str | None = None,
        *,
        since: int | None = None,
        at: tuple[int, int] | None = None,
        before: tuple[int, str] | None = None,
        limit: int = 100,
        size: int | None = None,
    ) -> list[Stored]:
        """Give versions of a resource or a type, newest first: see `history.Span`."""
        span = Span(id_, since, at, before)
        async with self._asking(type_), client.reachable():
            found = await history.history(
                self.database, allow, type_, span, limit=limit, size=size, session=self._session
            )
        return self.watch.all(found)

    async def count_history(
        self,
        allow: Condition,
        type_: str,
        id_: str,
        *,
        since: int | None = None,
        at: tuple[int, int] | None = None,
        max_ms: int = 1000,
    ) -> int | None:
        """Count the versions of a resource; None when that takes over `max_ms`."""
        async with self._asking(type_), client.reachable():
            return await history.count(
                self.database, allow, type_, Span(id_, since, at), max_ms, session=self._session
            )

    async def system_history(
        self,
        allowed: Mapping[str, Condition],
        *,
        since: int | None = None,
        at: tuple[int, int] | None = None,
        before: tuple[int, str, str] | None = None,
        limit: int = 100,
        size: int | None = None,
    ) -> list[Stored]:
        """Give versions of these types, newest first: see `system_history.system_history`."""
        span = Span(None, since, at)
        async with self._asking(*allowed), client.reachable():
            found = await system_history.system_history(
                self.database, allowed, span, before, limit=limit, size=size, session=self._session
            )
        return self.watch.all(found)

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
        """Give the first `limit` resources in this order: see `reads.search`.

        Raises Unprocessable (too-costly) where that takes too long.
        """
        async with self._asking(type_), client.reachable(), self._bounded:
            asked = self._joins, allow, type_, condition
            shown = reads.Shown(self.watch.witness is not None, bare, names)
            page = await reads.search(
                *asked, sort=sort, limit=limit, size=size, computed=computed, rest=rest, shown=shown
            )
        self.watch.all(page.found)
        return page

    async def settled(self, type_: str, condition: Condition) -> Condition:
        """Give the condition with its joins answered, where that is short: see `joins.settled`.

        Each join is narrowed already to what the caller may see.
        """
        async with self._turn, client.reachable(), self._bounded:
            facts = await self.costs.facts(type_)
            asked = structs.replace(self._joins, indexes=facts.indexes)
            return await joins.settled(asked, type_, condition)

    async def count(
        self, allow: Condition, type_: str, condition: Condition, max_ms: int = 1000
    ) -> int | None:
        """Count the resources the condition holds for; None when that takes over `max_ms`."""
        async with self._asking(type_), client.reachable():
            return await totals.count(
                self.database, allow, type_, condition, max_ms, session=self._session
            )

    async def fields(
        self, allow: Condition, type_: str, condition: Condition, names: Sequence[str], limit: int
    ) -> dict[str, Document]:
        """Give by id the named index fields of at most `limit` resources: see `fields.fields`."""
        async with self._asking(type_), client.reachable():
            return await fields.fields(self._joins, allow, type_, condition, names, limit=limit)

    async def keys(
        self, allow: Condition, type_: str, condition: Condition, sort: reads.Sort, limit: int
    ) -> list[tuple[str, int]]:
        """Give id and ts of the first `limit` resources in this order: see `fields.keys`."""
        async with self._asking(type_), client.reachable(), self._bounded:
            return await fields.keys(self._joins, allow, type_, condition, sort=sort, limit=limit)

    async def versions(
        self, allow: Condition, type_: str, condition: Condition, limit: int
    ) -> dict[str, tuple[int, int]]:
        """Give by id the version and ts of at most `limit` resources: see `fields.versions`."""
        async with self._asking(type_), client.reachable():
            return await fields.versions(
                self.database, allow, type_, condition, limit=limit, session=self._session
            )

    async def distinct(
        self, allow: Condition, type_: str, field: str, max_ms: int = 1000
    ) -> set[str] | None:
        """Give every value an index field has in a type; None when that takes over `max_ms`."""
        async with self._asking(type_), client.reachable():
            return await fields.distinct(
                self.database, allow, type_, field, max_ms, session=self._session
            )

    async def commit(self, allow: Allow, changes: Sequence[Change]) -> list[Stored]:
        """Commit the changes, all or none; give the versions made: see `transact.transact`."""

        async def plan(_: transact.Transaction) -> Sequence[Change]:
            return changes

        return await self.transact(allow, plan)

    async def transact(
        self, allow: Allow, plan: Plan, *, only: Collection[str] = ()
    ) -> list[Stored]:
        """Run the plan in one transaction, again where others came between: see `transact`.

        `only`: every resource, `Type/id`, the plan may change that somebody else may too; it goes
        together with others as in `answer`.
        """
        self._writes()
        noting = self.watch.noting(lambda made: self.watch.again().events(made))
        errand = Errand(allow, plan, transact.as_made, noting)
        committed: list[Stored] = await self._sent(errand, only)
        return committed

    async def answer(
        self,
        allow: Allow,
        plan: Plan,
        finish: Callable[[Sequence[Stored], Self], Awaitable[FhirResponse]],
        unique: Once | None = None,
        *,
        only: str = "",
    ) -> FhirResponse:
        """Run the plan in one transaction that `finish` answers from within, before the commit.

        `finish` gets the versions made and this store as the transaction sees it. With `unique`
        a request that was done before gets its first answer: see `transact.Errand`. `only`: the
        one resource, `Type/id`, that the plan changes; it reads little and asks nobody, and goes
        together with others that wait: see `group`.
        """
        self._writes()
        view = self

        async def last(made: Sequence[Stored], session: AsyncClientSession) -> FhirResponse:
            nonlocal view
            view = self.within(session)
            return await finish(made, view)

        noting = self.watch.noting(lambda made: view.watch.events(made))  # noqa: PLW0108 - late
        errand = Errand(allow, plan, last, noting, unique)
        names = [only, unique.key] if unique else [only]
        answer: FhirResponse = await self._sent(errand, names if only else ())
        return answer

    async def _sent(self, errand: Errand, names: Collection[str]) -> Any:
        """Run an errand, together with others where it has told all the names it writes."""
        with client.reachable():
            if names:
                return await self._group.run(errand, frozenset(names))
            return await transact.alone(self._road(), errand)

    def _road(self) -> Road:
        """Give where the writes of this store go."""
        known = self.definitions, self.relations, self._bounds, self._patience
        return Road(self.database, self._writer, *known, self.veil)

    def _asking(self, *types: str) -> AbstractAsyncContextManager[Any]:
        """Ask one thing of a transaction at a time, and events when those that wait are placed."""
        return self.watch.placed() if TYPE in types and not self._session else self._turn

    @property
    def _joins(self) -> Joins:
        return Joins(self.database, self._bounds, self._session)

    @property
    def _bounded(self) -> client.bounded:
        return client.bounded(self.database, self._bounds.seconds)

    def _writes(self) -> None:
        if self._session:
            raise Unprocessable(
                "This would write in a transaction of its own; send it outside the transaction "
                "Bundle, or in a batch.",
                code="not-supported",
            )

    async def follow(self, after: int = 0, limit: int = 1000) -> tuple[Sequence[Commit], int]:
        """Give the commits after a ts, in order, and the horizon: see `horizon.follow`."""
        with client.reachable():
            return await horizon.follow(self.database, after, limit)

    async def probe(self) -> None:
        """Write one document to see whether the database takes writes; Unavailable in 2 s."""
        with client.reachable():
            await probe.write(self.database)

    async def secret(self, name: str) -> bytes:
        """Give a key that all processes of this base share: see `secrets.secret`."""
        with client.reachable():
            return await secrets.secret(self.database, name)

    async def collections(self) -> set[str]:
        """Give the names of the collections there are."""
        with client.reachable():
            return set(await self.database.list_collection_names())

    async def _one(self, ask: reads.Ask, allow: Condition, type_: str, name: str) -> Stored | None:
        """Give what is found under one name, and show it to the witness."""
        key = (ask, checked(allow), type_)
        if self._session:
            return self.watch.one((await self._fetch(key, (name,))).get(name))
        return self.watch.one(await self._loader.read(key, name))

    async def _fetch(self, key: reads.Key, names: Collection[str]) -> Mapping[str, Stored]:
        ask, allow, type_ = key
        async with self._asking(type_), client.reachable():
            return await ask(self.database, checked(allow), type_, names, self._session)
