"""The SearchParameters stored in a base, and the number that tells all its processes of a change.

`index_state` holds under `definitions` a number `n` that is raised in every transaction that writes
a SearchParameter. So two such transactions conflict, and one of them judges again.
See docs/adr/0024-definitions-while-serving.md.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any

from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import PyMongoError

from fhir_server.fhir import json
from fhir_server.store import chunks, client
from fhir_server.store.documents import Change, Document
from fhir_server.store.horizon import Database

TYPE = "SearchParameter"
# Says whether changes whose fields are in these formats may still be committed.
Guard = Callable[[Iterable[Change]], Awaitable[bool]]

_MARK = {"_id": "definitions"}
_ACTIVE = {"x.status": "*|active"}


class Definitions:
    """What a store knows of its definitions; `changed` is set when this process wrote one.

    `guard` is asked right before a commit; without one everything may be committed.
    """

    def __init__(self, database: Database) -> None:
        """Nothing is sent yet."""
        self.changed = asyncio.Event()
        self.guard: Guard | None = None
        self._database = database

    async def version(self) -> int:
        """Give the number of the last change; 0 before the first."""
        with client.reachable():
            row = await self._database.index_state.find_one(_MARK)
            return int(row["n"]) if row else 0

    async def check(self, changes: Iterable[Change]) -> None:
        """Raise a transient PyMongoError where index fields were made by older definitions."""
        if self.guard and not await self.guard(changes):
            raise PyMongoError("The definitions changed.", ["TransientTransactionError"])

    async def active(self, limit: int) -> list[Document]:
        """Give the active SearchParameters in the order of their ids, at most `limit`."""
        with client.reachable():
            return await active(self._database, None, limit)


async def raise_version(database: Database, session: AsyncClientSession) -> None:
    """Tell all processes, once this transaction is committed."""
    await database.index_state.update_one(_MARK, {"$inc": {"n": 1}}, upsert=True, session=session)


async def active(
    database: Database, session: AsyncClientSession | None, limit: int
) -> list[Document]:
    """Give the active SearchParameters as resources: the server's own reading, for no caller."""
    cursor = database[TYPE].find(_ACTIVE, {"body": 1, "chunks": 1}, session=session)
    rows: Sequence[Mapping[str, Any]] = await cursor.sort("_id", 1).limit(limit).to_list()
    whole = await chunks.joined(database, TYPE, [dict(row) for row in rows], session)
    return [json.parse_object(row["body"]) for row in whole]
