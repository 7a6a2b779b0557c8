"""Beside what a process serves or works: the audit is sealed within a second, and told each minute.

See docs/audit.md.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from fhir_server.fhir.errors import FhirError
from fhir_server.jobs.worker import frames, stopped
from fhir_server.store.sealer import Sealer
from fhir_server.store.seals import MOST

_EVERY, _LEASE, _CHECKPOINT = 0.5, 3.0, 60.0
_log = logging.getLogger("fhir_server")


@asynccontextmanager
async def sealing(sealer: Sealer, now: Callable[[], int], file: Path | None) -> AsyncIterator[None]:
    """Seal beside what is inside, and once more at its end; `file` gets each checkpoint."""
    keeper = _Keeper(sealer, now, file)
    task = asyncio.create_task(keeper.run())
    try:
        yield
    finally:
        await stopped(task)
        with suppress(FhirError, ValueError):
            await keeper.end()


class _Keeper:
    """One process's turns at the seals; times are those of the loop, in seconds."""

    def __init__(self, sealer: Sealer, now: Callable[[], int], file: Path | None) -> None:
        self._sealer = sealer
        self._now = now
        self._file = file
        self._leads = False
        self._asked = self._told = float("-inf")

    async def run(self) -> None:
        """Take a turn at intervals, for ever; a turn that fails is logged and taken again."""
        while True:
            try:
                await self._turn()
            except (FhirError, ValueError, OSError) as error:
                _log.warning("sealing", {"reason": type(error).__name__})
            except Exception as error:  # noqa: BLE001 nothing may end what has to go on
                told = {"reason": type(error).__name__, "frames": frames(error)}
                _log.error("sealing", told)
            await asyncio.sleep(_EVERY)

    async def end(self) -> None:
        """Leave nothing unsealed behind where this process has the lease."""
        if self._leads:
            await self._seal()
            await self._checkpoint()

    async def _turn(self) -> None:
        clock = asyncio.get_running_loop().time()
        if clock - self._asked >= _LEASE:
            self._leads = await self._sealer.lead()
            self._asked = clock
        if self._leads:
            await self._seal()
            if clock - self._told >= _CHECKPOINT:
                await self._checkpoint()
                self._told = clock

    async def _seal(self) -> None:
        while await self._sealer.seal() >= MOST:
            pass

    async def _checkpoint(self) -> None:
        made = await self._sealer.checkpoint(self._now())
        if made and self._file:
            writing = asyncio.create_task(asyncio.to_thread(_append, self._file, made.line()))
            try:
                await asyncio.shield(writing)
            except asyncio.CancelledError:
                # It is kept in the database: nobody would write it to the file again.
                await asyncio.wait([writing])
                raise


def _append(file: Path, line: bytes) -> None:
    with file.open("ab") as opened:
        opened.write(line)
