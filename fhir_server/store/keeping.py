"""Documents that are kept by themselves, outside any transaction: by a lane or by the driver."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from fhir_server.store.client import Database, Laned


async def keep(
    database: Database,
    collection: str,
    documents: Sequence[Mapping[str, Any]],
    driven: Callable[[], Awaitable[None]],
) -> None:
    """Insert documents, which have their `_id`, as safely as the database's write concern.

    Where it is not known whether they were kept, or one is there already, `driven` is to keep them
    all, so that each is there once. Raises PyMongoError.
    """
    if not isinstance(database.client, Laned):
        await driven()
        return
    command = {
        "insert": collection,
        "documents": documents,
        "writeConcern": database.write_concern.document,
        "$db": database.name,
    }
    await database.client.lanes.insert(command, driven)
