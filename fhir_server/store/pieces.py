"""Bytes of a job: in the job's own document up to 12 MB, in `job_pieces` beyond.

https://www.mongodb.com/docs/manual/reference/limits/
"""

from collections.abc import Iterable, Mapping
from typing import Any

import pymongo
from pymongo.asynchronous.client_session import AsyncClientSession

from fhir_server.store.chunks import SIZE
from fhir_server.store.documents import Document
from fhir_server.store.horizon import Database

# Seconds that writing a piece may take.
_PATIENT = 10.0


def split(name: str, body: bytes) -> tuple[Document, list[Document]]:
    """Give what the job's document holds of these bytes, and the pieces to store beside it."""
    if len(body) <= SIZE:
        return {"bytes": body}, []
    cut = [body[start : start + SIZE] for start in range(0, len(body), SIZE)]
    rows = [{"_id": f"{name}/{number}", "bytes": piece} for number, piece in enumerate(cut)]
    return {"pieces": [row["_id"] for row in rows]}, rows


async def insert(
    database: Database, rows: Iterable[Document], session: AsyncClientSession | None = None
) -> None:
    """Store the pieces."""
    for row in rows:
        with pymongo.timeout(_PATIENT):
            await database.job_pieces.insert_one(row, session=session)


async def joined(database: Database, held: Mapping[str, Any]) -> bytes:
    """Give the bytes `split` was given, from what the job's document holds of them."""
    if "bytes" in held:
        return bytes(held["bytes"])
    rows = await database.job_pieces.find({"_id": {"$in": held["pieces"]}}).to_list()
    found = {row["_id"]: row["bytes"] for row in rows}
    return b"".join(found[name] for name in held["pieces"])


async def forget(database: Database, name: str) -> None:
    """Delete the pieces whose names begin with `name/`."""
    # "0" is the character after "/".
    await database.job_pieces.delete_many({"_id": {"$gte": f"{name}/", "$lt": f"{name}0"}})
