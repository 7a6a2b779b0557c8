"""Which types are still in an older index format: looked at again while there are any."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from fhir_server.fhir.errors import FhirError
from fhir_server.interactions import search_parameters
from fhir_server.interactions.context import Context
from fhir_server.jobs.worker import stopped

_EVERY_SECONDS = 10.0


async def refresh(context: Context) -> None:
    """Take out of `context.outdated` what has been reindexed since, by whichever process."""
    if context.outdated:
        left = await search_parameters.outdated(context, set(context.outdated))
        context.outdated.intersection_update(left)


@asynccontextmanager
async def watching(context: Context) -> AsyncIterator[None]:
    """Refresh at intervals beside what is inside; nothing is asked once no type is outdated."""
    task = asyncio.create_task(_watch(context))
    try:
        yield
    finally:
        await stopped(task)


async def _watch(context: Context) -> None:
    while context.outdated:
        await asyncio.sleep(_EVERY_SECONDS)
        with suppress(FhirError):
            await refresh(context)
