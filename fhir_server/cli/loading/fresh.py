"""Fresh: what several processes have prepared, written by this one in the order of the files.

https://www.mongodb.com/docs/manual/reference/method/db.collection.insertMany/
"""

import asyncio
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import IO

from fhir_server import main
from fhir_server.cli.loading.prepare import Prepared, Preparing, reasons
from fhir_server.cli.offline.pieces import files, pieces
from fhir_server.cli.offline.processes import side_by_side
from fhir_server.fhir import json
from fhir_server.fhir.errors import FhirError
from fhir_server.settings import Settings
from fhir_server.store.clock import Clock
from fhir_server.store.documents import Change
from fhir_server.store.first_load import FirstLoad, Key
from fhir_server.store.store import Store

# Batches on their way to the database; references looked for at once.
_AT_ONCE, _LOOKED_FOR = 4, 1_000


class Loading:
    """One first load: `stored` and `refused` grow while it runs."""

    def __init__(self, settings: Settings) -> None:
        """Nothing is opened yet."""
        self.stored = 0
        self.refused: list[tuple[str, str]] = []
        self._files: Sequence[Path] = ()
        self._settings = settings
        self._preparing = Preparing(settings)

    def measure(self, paths: Sequence[Path]) -> int:
        """Take the files of these paths; give how many bytes they are."""
        self._files = files(paths, None)
        return sum(one.stat().st_size for one in self._files)

    def run(self, jobs: int, told: Callable[[int], None]) -> None:
        """Load the files with so many processes; `told` gets the bytes that are done.

        Raises Conflict where the database is not empty, EndedError, SpecError, Unavailable.
        """
        clock = Clock()
        clock.observe(asyncio.run(self._begin()))
        given = (
            (piece, clock.tick())
            for file in self._files
            for piece in pieces(file, self._settings.max_body_bytes)
        )
        work, prepare = self._preparing.of, self._preparing.open
        found = side_by_side(jobs or os.cpu_count() or 1, work, prepare, given)
        # The processes are copies of this one, so they begin before it has a loop and connections.
        first = list(islice(found, 1))
        asyncio.run(self._written(chain(first, found), told))

    async def _begin(self) -> int:
        async with main.health_store(self._settings) as store:
            context = main.health_context(self._settings, self._preparing.spec, store)
            await main.prepared(context, main.default_indexes())
            return await FirstLoad(store.database).begin()

    async def _written(self, found: Iterator[Prepared], told: Callable[[int], None]) -> None:
        """Write what comes; what may not overtake waits, so that versions are in order."""
        flying: dict[asyncio.Task[None], set[Key]] = {}
        async with main.health_store(self._settings) as store:
            load = FirstLoad(store.database)
            with tempfile.TemporaryFile() as spool:
                while (one := await asyncio.to_thread(next, found, None)) is not None:
                    keys = one.batch.keys()
                    while len(flying) >= _AT_ONCE or any(keys & other for other in flying.values()):
                        await _one_of(flying)
                    spool.write(json.dump(dict(one.wanted)) + b"\n")
                    flying[asyncio.create_task(self._write(store, load, one, told))] = keys
                while flying:
                    await _one_of(flying)
                await self._look_for(load, spool)
            await load.end()

    async def _write(
        self, store: Store, load: FirstLoad, one: Prepared, told: Callable[[int], None]
    ) -> None:
        self.refused += one.refused
        left = await load.write(one.batch)
        lost = [change for change in left if not await self._written_once_more(store, change)]
        self.stored += one.count - len(lost)
        told(one.size)

    async def _written_once_more(self, store: Store, change: Change) -> bool:
        """Write what is there already as any client does; say whether that could be."""
        try:
            context = main.health_context(self._settings, self._preparing.spec, store)
            await store.commit(partial(context.allow, "update"), [change])
        except FhirError as error:
            self.refused.append((f"{change.type}/{change.id}", reasons(error)))
            return False
        return True

    async def _look_for(self, load: FirstLoad, spool: IO[bytes]) -> None:
        """Tell of references that lead to nothing, now that all is there."""
        spool.seek(0)
        wanted: dict[str, str] = {}
        for line in chain(spool, [b""]):
            wanted = {**json.parse_object(line or b"{}"), **wanted}
            if len(wanted) >= _LOOKED_FOR or not line:
                lost = await load.missing(wanted)
                reason = "is stored, but {} does not exist here"
                self.refused += ((wanted[to], reason.format(to)) for to in sorted(lost))
                wanted = {}


async def _one_of(flying: dict[asyncio.Task[None], set[Key]]) -> None:
    done, _ = await asyncio.wait(flying, return_when=asyncio.FIRST_COMPLETED)
    for task in done:
        del flying[task]
        task.result()
