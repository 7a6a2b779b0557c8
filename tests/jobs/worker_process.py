"""A worker for tests, that stops where it is told to and waits there to be killed.

Arguments: URI, database, where: `step` after the second checkpoint of a toy job, `answer` between
what a request has written and the end of its job, `nowhere`. It writes `there` when it is there.
"""

import asyncio
import sys
from zoneinfo import ZoneInfo

from fhir_server import main
from fhir_server.access.caller import ANYONE_ON_LOOPBACK
from fhir_server.fhir.exchange import FhirResponse
from fhir_server.interactions import table
from fhir_server.interactions.context import Context
from fhir_server.interactions.current import Current
from fhir_server.jobs.worker import Worker
from fhir_server.operations import OPERATIONS
from fhir_server.store.store import Store

STEPS = ["one", "two", "three", "four"]


def there():
    sys.stdout.write("there\n")
    sys.stdout.flush()
    return asyncio.Future()


def toy(where):
    """Give a kind that writes a document a step and notes a checkpoint after each."""

    async def run(work):
        effects = work.context.store.database.effects
        done = work.job.checkpoint.get("done", [])
        for step in STEPS[len(done) :]:
            await effects.insert_one({"step": step, "token": work.job.token})
            done.append(step)
            await work.checkpoint({"done": done}, step)
            if where == "step" and len(done) == 2:
                await there()
        return FhirResponse(200, b"{}")

    return run


async def work(uri, database, where):
    store = Store.open(uri, database)
    await store.prepare()
    context = Context(
        current=Current(main.definitions()),
        store=store,
        base_url="http://test.invalid/fhir",
        zone=ZoneInfo("Asia/Ho_Chi_Minh"),
        cursor_key=b"a key for tests",
        caller=ANYONE_ON_LOOPBACK,
        started=0,
    )
    if where == "answer":
        store.jobs.finish = lambda *_, **__: there()
    kinds = {**main.kinds(table.build(OPERATIONS)), "toy": toy(where)}
    await Worker(context, kinds, 1).run()


if __name__ == "__main__":
    asyncio.run(work(*sys.argv[1:]))
