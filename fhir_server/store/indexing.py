"""What a store's searches rest on: MongoDB's indexes, and the index fields of whole types."""

from collections.abc import Callable, Collection, Mapping, Sequence

from fhir_server.search.condition import Condition
from fhir_server.store import client, indexes, reindex
from fhir_server.store.documents import Document
from fhir_server.store.filters import checked
from fhir_server.store.horizon import Database
from fhir_server.store.indexes import Index, Wanted
from fhir_server.store.reindex import Counts, Step
from fhir_server.store.veil import Veil


class Indexing:
    """The indexes of one database. Errors are fhir.errors; Unavailable when it does not answer."""

    def __init__(self, database: Database, veil: Veil | None = None) -> None:
        """Nothing is sent yet."""
        self._veil = veil
        self._database = database

    async def missing(self, wanted: Wanted, types: Collection[str]) -> list[Index]:
        """Give the indexes that are wanted and do not exist: see `indexes.missing`."""
        with client.reachable():
            return await indexes.missing(self._database, wanted, types)

    async def ensure(self, wanted: Wanted, types: Collection[str]) -> None:
        """Build what is missing of a set that was not built yet: see `indexes.ensure`."""
        with client.reachable():
            await indexes.ensure(self._database, wanted, types)

    async def build(
        self,
        wanted: Sequence[Index],
        progress: Callable[[int, int], None] = lambda _done, _all: None,
    ) -> None:
        """Build indexes; `progress(done, all)` is told after each."""
        with client.reachable():
            await indexes.build(self._database, wanted, progress)

    async def retired(self, wanted: Wanted, types: Collection[str]) -> list[Index]:
        """Give the indexes that are there and not wanted any more: see `indexes.retired`."""
        with client.reachable():
            return await indexes.retired(self._database, wanted, types)

    async def drop(self, unneeded: Sequence[Index]) -> None:
        """Drop indexes."""
        with client.reachable():
            await indexes.drop(self._database, unneeded)

    async def keep(self, type_: str, wanted: Mapping[str, str]) -> None:
        """Let a type have these indexes for stored parameters: see `indexes.keep`."""
        with client.reachable():
            await indexes.keep(self._database, type_, wanted)

    async def outdated(self, formats: Mapping[str, str]) -> set[str]:
        """Give the types whose documents are in another index format than this one."""
        return {*await self.formats(formats)}

    async def formats(self, formats: Mapping[str, str]) -> dict[str, str]:
        """Give, of the types in another format than this one, which: see `reindex.outdated`."""
        with client.reachable():
            return await reindex.outdated(self._database, formats)

    async def step(
        self,
        type_: str,
        fields: Callable[[Document], Document],
        index_format: str,
        *,
        after: str = "",
        everything: bool = False,
    ) -> Step | None:
        """Write new index fields for the next resources of a type: see `reindex.step`."""
        with client.reachable():
            return await reindex.step(
                self._database,
                type_,
                fields,
                index_format,
                after=after,
                everything=everything,
                veil=self._veil,
            )

    async def verify(self, type_: str, index_format: str) -> Counts:
        """Count the resources that are in a format, and all: see `reindex.verify`."""
        with client.reachable():
            return await reindex.verify(self._database, type_, index_format)

    async def count_formats(
        self, allow: Condition, type_: str, max_ms: int
    ) -> dict[str, int] | None:
        """Count a type's resources by index format; None when that takes over `max_ms`."""
        allow = self._veil.asked(checked(allow)) if self._veil else allow
        with client.reachable():
            return await reindex.count_formats(self._database, allow, type_, max_ms)
