"""Waiting for what another task does."""

import asyncio

from fhir_server.jobs import queue

PATIENCE = 30


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
