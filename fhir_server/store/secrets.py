"""Keys that every process of a base shares, made once and kept in its database."""

import secrets as random

import pymongo

from fhir_server.store.horizon import Database

_BYTES = 32


async def secret(database: Database, name: str) -> bytes:
    """Give the key of this name; the first caller makes it."""
    made = {"$setOnInsert": {"key": random.token_bytes(_BYTES)}}
    row = await database.secrets.find_one_and_update(
        {"_id": name}, made, upsert=True, return_document=pymongo.ReturnDocument.AFTER
    )
    assert row is not None
    return bytes(row["key"])
