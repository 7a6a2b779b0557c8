"""Keys that every process of a base shares, made once and kept in its database."""

import secrets as random
from contextlib import suppress

from pymongo.errors import DuplicateKeyError

from fhir_server.store.horizon import Database

_BYTES = 32


async def secret(database: Database, name: str) -> bytes:
    """Give the key of this name; of processes that start at once, one makes it."""
    with suppress(DuplicateKeyError):
        await database.secrets.insert_one({"_id": name, "key": random.token_bytes(_BYTES)})
    row = await database.secrets.find_one({"_id": name})
    assert row is not None
    return bytes(row["key"])
