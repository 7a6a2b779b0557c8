"""Bodies over 12 MB: kept in pieces, because a MongoDB document holds at most 16 MB.

https://www.mongodb.com/docs/manual/reference/limits/
"""

from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import Any

from pymongo.asynchronous.client_session import AsyncClientSession

from fhir_server.store.documents import Document
from fhir_server.store.horizon import Database

SIZE = 12 * 1024 * 1024


def split(type_: str, id_: str, version: int, body: bytes) -> tuple[Document, list[Document]]:
    """Give what the version's document holds of its body, and the pieces stored beside it."""
    if len(body) <= SIZE:
        return {"body": body}, []
    pieces = [body[start : start + SIZE] for start in range(0, len(body), SIZE)]
    ids = _names(type_, id_, version, len(pieces))
    rows = [{"_id": name, "body": piece} for name, piece in zip(ids, pieces, strict=True)]
    return {"chunks": len(pieces)}, rows


def filling(documents: Sequence[Document], size: int | None) -> Sequence[Document]:
    """Give the documents up to the one whose body makes `size` bytes full."""
    if size is None:
        return documents
    sizes = [
        one["chunks"] * SIZE if "chunks" in one else len(one.get("body", "")) for one in documents
    ]
    if sum(sizes) < size:
        return documents
    full = next(place for place, filled in enumerate(accumulate(sizes)) if filled >= size)
    return documents[: full + 1]


async def joined(
    database: Database,
    type_: str,
    documents: Iterable[Document],
    session: AsyncClientSession | None = None,
) -> Sequence[Document]:
    """Give the documents with every body in place."""
    return [
        document | {"body": await _body(database, type_, document, session)}
        if "chunks" in document
        else document
        for document in documents
    ]


async def _body(
    database: Database, type_: str, document: Document, session: AsyncClientSession | None
) -> bytes:
    wanted = names(type_, document)
    rows = await database.chunks.find({"_id": {"$in": wanted}}, session=session).to_list()
    pieces = {row["_id"]: row["body"] for row in rows}
    return b"".join(pieces[name] for name in wanted)


def names(type_: str, document: Document) -> list[str]:
    """Give the `_id` of each piece of a version's body, in order."""
    id_: Any = document.get("id") or document["_id"]
    return _names(type_, id_, document["v"], document["chunks"])


def _names(type_: str, id_: str, version: int, count: int) -> list[str]:
    return [f"{type_}/{id_}/{version}/{number}" for number in range(count)]
