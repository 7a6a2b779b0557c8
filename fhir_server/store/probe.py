"""Does the database take writes? A ping answers on a full disk, a write does not."""

from datetime import UTC, datetime

import pymongo

from fhir_server.store.horizon import Database


async def write(database: Database) -> None:
    """Write one small document, in at most 2 s; PyMongoError when that fails."""
    with pymongo.timeout(2):
        now = datetime.now(UTC)
        await database.probe.update_one({"_id": "probe"}, {"$set": {"at": now}}, upsert=True)
