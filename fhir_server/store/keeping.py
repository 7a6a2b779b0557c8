"""One document that is kept by itself, by a lane or by the driver."""

from contextlib import suppress
from typing import Any

from bson import ObjectId
from pymongo.errors import DuplicateKeyError

from fhir_server.store.client import Database, Laned


async def keep(database: Database, collection: str, fields: dict[str, Any]) -> None:
    """Insert a document under an id nobody else has, as safely as the database's write concern.

    Where it is not known whether it was kept it is sent again; it is there once. Raises
    PyMongoError.
    """
    document = {"_id": ObjectId(), **fields}

    async def driven() -> None:
        with suppress(DuplicateKeyError):
            await database[collection].insert_one(document)

    if not isinstance(database.client, Laned):
        await driven()
        return
    command = {
        "insert": collection,
        "documents": [document],
        "writeConcern": database.write_concern.document,
        "$db": database.name,
    }
    await database.client.lanes.insert(command, driven)
