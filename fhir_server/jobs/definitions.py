"""A process hears of changed definitions: it asks for their number at intervals.

See docs/adr/0024-definitions-while-serving.md.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from functools import partial

from fhir_server.fhir.errors import FhirError
from fhir_server.interactions import search_parameters
from fhir_server.interactions.context import Context
from fhir_server.jobs.worker import stopped

_EVERY_SECONDS = 2.0


@asynccontextmanager
async def listening(context: Context) -> AsyncIterator[None]:
    """Ask beside what is inside, and commit nothing that was indexed by older definitions."""
    kept = context.store.definitions
    kept.guard = partial(search_parameters.current, context)
    task = asyncio.create_task(_listen(context))
    try:
        yield
    finally:
        kept.guard = None
        await stopped(task)


async def _listen(context: Context) -> None:
    while True:
        await asyncio.sleep(_EVERY_SECONDS)
        with suppress(FhirError):
            await search_parameters.refresh(context)
