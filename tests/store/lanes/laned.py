"""Asking by lanes."""

import asyncio

from fhir_server.store.finding import find

ALL = {}


async def asked(database, **how):
    return [row["_id"] for row in await find(database, "Patient", ALL, {"_id": 1}, **how)]


async def ready(database, server=None):
    """Have a lane opened: the driver answers who asks first."""
    await asked(database)
    async with asyncio.timeout(10):
        while not database.client.lanes._free:  # noqa: ASYNC110 - it is nobody's to wait for
            await asyncio.sleep(0)
    if server:
        server.asked.clear()
    return database.client.lanes._free[0]
