"""Erasing: a resource with every version, or its superseded versions, leaves the database.

What stays is a line in `commits`, so that followers erase their copies too.
"""

from collections.abc import Sequence

from msgspec import structs
from pymongo.asynchronous.client_session import AsyncClientSession

from fhir_server.search.condition import Condition
from fhir_server.store import chunks
from fhir_server.store.documents import Change, Document, Stored, portions, stored
from fhir_server.store.filters import in_history
from fhir_server.store.horizon import Database

METHODS = ("purge", "purge-history")


def told(change: Change, old: Document, ts: int) -> Stored:
    """Give what is answered and written into the feed: the last version there was."""
    last = stored(change.type, old)
    ended = last.deleted or change.method == "purge"
    return structs.replace(last, ts=ts, body=None, deleted=ended, method=change.method)


async def send(
    database: Database,
    session: AsyncClientSession,
    type_: str,
    erased: Sequence[tuple[Change, Document]],
) -> None:
    """Delete the versions, and the pieces of their bodies, in the session's transaction.

    `erased` are the changes of one type, each with its document, live or tombstone. A history
    purged by itself keeps the tombstone of a resource that is deleted.
    """
    for some in portions(erased):
        await _delete(database, session, type_, some)


async def _delete(
    database: Database,
    session: AsyncClientSession,
    type_: str,
    erased: Sequence[tuple[Change, Document]],
) -> None:
    past = database[f"{type_}_history"]
    whole = [(change.id, old) for change, old in erased if change.method == "purge"]
    kept = [f"{change.id}/{old['v']}" for change, old in erased if change.method != "purge"]
    wanted = {"id": {"$in": [change.id for change, _ in erased]}, "_id": {"$nin": kept}}
    in_pieces = {**wanted, "chunks": {"$exists": True}}
    fields = {"id": 1, "v": 1, "chunks": 1}
    rows = await past.find(in_pieces, fields, session=session).to_list()
    rows += [old for _, old in whole if "chunks" in old]
    pieces = [name for row in rows for name in chunks.names(type_, row)]
    ended = {
        "chunks": pieces,
        type_: [id_ for id_, old in whole if "deleted" not in old],
        "tombstones": [old["_id"] for _, old in whole if "deleted" in old],
    }
    for collection, ids in ended.items():
        if ids:
            await database[collection].delete_many({"_id": {"$in": ids}}, session=session)
    await past.delete_many(wanted, session=session)


async def tombstones(
    database: Database, session: AsyncClientSession, condition: Condition, limit: int
) -> list[Document]:
    """Give at most `limit` tombstones of deleted resources: `{type, id, x, …}`."""
    found = database.tombstones.find(in_history(condition), limit=limit, session=session)
    return await found.to_list()
