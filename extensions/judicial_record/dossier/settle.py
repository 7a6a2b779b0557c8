"""A job that posts refunds whose dossier is refused, where the process ended before it did."""

import asyncio

from extensions.judicial_record.dossier import ledger, road, task
from extensions.judicial_record.dossier.desk import Desk
from extensions.judicial_record.reaching import OFFICE
from fhir_server.interactions.context import Context


async def settle(desk: Desk, context: Context) -> int:
    """Post what is refused and stays open; give how many. May be run at any time, by several."""
    records, done = desk.office.records, 0
    for identity in await asyncio.to_thread(ledger.open_refunds, records):
        stored = await context.store.read(OFFICE, "Task", identity)
        if stored and stored.body and task.state_of(road.resource(stored), None) == "3":
            await asyncio.to_thread(ledger.posted, records, "refunds", identity)
            done += 1
    return done
