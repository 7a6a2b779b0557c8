"""One question: the documents of a collection a filter finds, by a lane or by the driver."""

from collections.abc import Mapping, Sequence
from typing import Any

from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.command_cursor import AsyncCommandCursor
from pymongo.asynchronous.cursor import AsyncCursor

from fhir_server.store.client import Database, Laned
from fhir_server.store.documents import Document
from fhir_server.store.lane import BATCH


async def find(
    database: Database,
    collection: str,
    filter_: Mapping[str, Any],
    fields: Mapping[str, Any] | None,
    *,
    sort: Sequence[tuple[str, int]] = (),
    limit: int = 0,
    size: int | None = None,
    session: AsyncClientSession | None = None,
) -> list[Document]:
    """Give the documents a filter finds, bodies not yet joined; one round trip when they fit.

    It ends early, but behind the document after the one that makes `size` bytes of bodies full.
    """

    def enough(rows: Sequence[Document]) -> bool:
        return size is not None and sum(map(_body, rows[:-1])) >= size

    async def driven() -> list[Document]:
        cursor = database[collection].find(
            filter_,
            fields,
            sort=list(sort) or None,
            limit=limit,
            batch_size=limit or BATCH,
            session=session,
        )
        return await taken(cursor, size)

    if session or not isinstance(database.client, Laned):
        return await driven()
    command: Document = {
        "find": collection,
        "filter": filter_,
        # With one more there is no cursor left to end.
        "batchSize": limit + 1 if limit else BATCH,
        "readConcern": database.read_concern.document,
        "$db": database.name,
    }
    if fields:
        command["projection"] = fields
    if sort:
        command["sort"] = dict(sort)
    if limit:
        command["limit"] = limit
    return await database.client.lanes.find(command, enough, driven)


async def taken(
    cursor: AsyncCursor[Document] | AsyncCommandCursor[Document], size: int | None
) -> list[Document]:
    """Give what a cursor of the driver finds, as early as `find` ends."""
    if size is None:
        return await cursor.to_list()
    rows: list[Document] = []
    async with cursor:
        async for row in cursor:
            rows.append(row)
            if size <= 0:
                break
            size -= _body(row)
    return rows


def _body(row: Document) -> int:
    return len(row.get("body", b""))
