"""A worker in the test's own process, and waiting for what it does."""

import asyncio
from contextlib import asynccontextmanager

from fhir_server.interactions import table
from fhir_server.jobs import queue
from fhir_server.jobs.worker import Worker, working
from fhir_server.main import kinds, plugins
from fhir_server.operations import OPERATIONS
from fhir_server.settings import Settings

PATIENCE = 30


@asynccontextmanager
async def worked(context):
    """Work the jobs of a base, every kind the server knows."""
    operations = [*OPERATIONS, *(one for guest in plugins(Settings()) for one in guest.operations)]
    async with working(Worker(context, kinds(table.build(operations)), 2)):
        yield


async def until(holds):
    """Ask again until it gives something true, and give that; TimeoutError when it never does."""
    async with asyncio.timeout(PATIENCE):
        while not (found := await holds()):  # noqa: ASYNC110 what is waited for is in the database
            await asyncio.sleep(0.01)
        return found


async def ended(context, id_):
    """Wait for a job's end; give its answer."""

    async def job():
        found = await queue.find(context, id_)
        return found if found and found.ended else None

    return await queue.answer(context, await until(job))
