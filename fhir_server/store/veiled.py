"""The store of a base whose database shows no body and no text: see store/veil.

It asks the plain store in blinded conditions, and opens what that gives.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any, Self

from msgspec import structs

from fhir_server.fhir.errors import Unprocessable
from fhir_server.fhir.exchange import FhirResponse
from fhir_server.search.condition import Condition
from fhir_server.search.query import SortKey
from fhir_server.store import reads
from fhir_server.store.clock import wall
from fhir_server.store.costs import Costs
from fhir_server.store.documents import Document, Page, Stored
from fhir_server.store.filters import checked
from fhir_server.store.indexing import Indexing
from fhir_server.store.jobs import Jobs
from fhir_server.store.joins import BOUNDS, Bounds
from fhir_server.store.once import Once
from fhir_server.store.steps import Allow
from fhir_server.store.store import ALL, NEWEST, Store
from fhir_server.store.transact import Plan
from fhir_server.store.veil import Veil, check_read
from fhir_server.store.write import decided


class Veiled(Store):
    """As Store; Unprocessable (not-supported) for what needs the texts: see `Veil.asked`."""

    veil: Veil

    @classmethod
    def under(
        cls,
        veil: Veil,
        uri: str,
        database: str,
        *,
        now: Callable[[], int] = wall,
        patience: float = 10.0,
        bounds: Bounds = BOUNDS,
    ) -> Self:
        """Give the store of a database under this veil; nothing is sent yet: see `Store.open`."""
        made = cls.open(uri, database, now=now, patience=patience, bounds=bounds)
        made.veil = veil
        made.jobs = _NoJobs(made.database)
        made.costs = Costs(made.database, bounds.seconds, veil)
        made.indexing = Indexing(made.database, veil)
        return made

    async def history(self, allow: Condition, *which: Any, **ways: Any) -> list[Stored]:
        """As Store."""
        return await self.veil.all_opened(await super().history(self._asked(allow), *which, **ways))

    async def count_history(self, allow: Condition, *which: Any, **ways: Any) -> int | None:
        """As Store."""
        return await super().count_history(self._asked(allow), *which, **ways)

    async def system_history(self, allowed: Mapping[str, Condition], **ways: Any) -> list[Stored]:
        """As Store."""
        asked = {type_: self._asked(allow) for type_, allow in allowed.items()}
        return await self.veil.all_opened(await super().system_history(asked, **ways))

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
        """As Store, but that the version is read all the same: a body is sealed to it."""
        del bare
        check_read(key.field for key in (*sort, *computed.values()))
        check_read(f"x.{name}" for name in names)
        page = await super().search(
            self._asked(allow),
            type_,
            self.veil.asked(condition),
            sort,
            limit,
            size=size,
            computed=computed,
            rest=self.veil.asked(rest),
            names=names,
        )
        return structs.replace(page, found=tuple(await self.veil.all_opened(page.found)))

    async def settled(self, type_: str, condition: Condition) -> Condition:
        """Give the condition, which has no join: those are refused."""
        self.veil.asked(condition)
        return await super().settled(type_, condition)

    async def count(
        self, allow: Condition, type_: str, condition: Condition, max_ms: int = 1000
    ) -> int | None:
        """As Store."""
        asked = self.veil.asked(condition)
        return await super().count(self._asked(allow), type_, asked, max_ms)

    async def fields(
        self, allow: Condition, type_: str, condition: Condition, names: Sequence[str], limit: int
    ) -> dict[str, Document]:
        """As Store."""
        check_read(f"x.{name}" for name in names)
        asked = self.veil.asked(condition)
        return await super().fields(self._asked(allow), type_, asked, names, limit)

    async def keys(
        self, allow: Condition, type_: str, condition: Condition, sort: reads.Sort, limit: int
    ) -> list[tuple[str, int]]:
        """As Store."""
        check_read(key.field for key in sort)
        asked = self.veil.asked(condition)
        return await super().keys(self._asked(allow), type_, asked, sort, limit)

    async def versions(
        self, allow: Condition, type_: str, condition: Condition, limit: int
    ) -> dict[str, tuple[int, int]]:
        """As Store."""
        asked = self.veil.asked(condition)
        return await super().versions(self._asked(allow), type_, asked, limit)

    async def distinct(
        self, allow: Condition, type_: str, field: str, max_ms: int = 1000
    ) -> set[str] | None:
        """As Store."""
        check_read([field])
        return await super().distinct(self._asked(allow), type_, field, max_ms)

    async def transact(
        self, allow: Allow, plan: Plan, *, only: Collection[str] = ()
    ) -> list[Stored]:
        """As Store."""
        return await super().transact(self._allowed(allow), plan, only=only)

    async def answer(
        self,
        allow: Allow,
        plan: Plan,
        finish: Callable[[Sequence[Stored], Self], Awaitable[FhirResponse]],
        unique: Once | None = None,
        *,
        only: str = "",
    ) -> FhirResponse:
        """As Store."""
        # A digest of few words is told by trying them.
        hidden = unique and replace(unique, digest=self.veil.blind("digest", unique.digest))
        return await super().answer(self._allowed(allow), plan, finish, hidden, only=only)

    def _asked(self, allow: Condition) -> Condition:
        return self.veil.asked(checked(allow))

    def _allowed(self, allow: Allow) -> Allow:
        """Give the decisions as they are judged: on what is stored."""
        return allow and (lambda type_, step: self.veil.asked(decided(allow, type_, step)))

    async def _fetch(self, key: reads.Key, names: Collection[str]) -> Mapping[str, Stored]:
        ask, allow, type_ = key
        found = await super()._fetch((ask, self._asked(allow), type_), names)
        opened = await self.veil.all_opened([*found.values()])
        return dict(zip(found, opened, strict=True))


class _NoJobs(Jobs):
    """No job: what it was asked and what it answered would be kept in the open."""

    async def put(self, *_: Any) -> None:
        """Raise Unprocessable."""
        told = "This base does nothing behind an answer; ask without Prefer: respond-async."
        raise Unprocessable(told, code="not-supported")

    async def put_once(self, *_: Any) -> None:
        """Raise Unprocessable."""
        await self.put()
