"""A worker for tests: commits patients, and holds one transaction open before its commit.

Arguments: URI, database, the worker's name, how many patients, seconds the first one is held.
"""

import asyncio
import sys

from fhir_server.search.condition import Everything
from fhir_server.store import commit
from fhir_server.store.documents import Change
from fhir_server.store.store import Store

finish = commit._finish


async def work(uri, database, name, count, held):
    store = Store.open(uri, database)
    first = asyncio.Event()

    async def slow_finish(session):
        commit._finish = finish
        first.set()
        await asyncio.sleep(held)
        await finish(session)

    async def write(number):
        change = Change("Patient", f"{name}-{number}", "create", {}, {}, "1", must_not_exist=True)
        await store.commit(Everything(), [change])

    if held:
        commit._finish = slow_finish
    async with asyncio.TaskGroup() as group:
        group.create_task(write(0))
        if held:
            await first.wait()
        for number in range(1, count):
            await write(number)
    await store.close()


if __name__ == "__main__":
    uri, database, name, count, held = sys.argv[1:]
    asyncio.run(work(uri, database, name, int(count), float(held)))
