"""Loading a code system into a collection of its own, visible when all its concepts are there."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace

import pymongo
from pymongo import IndexModel
from pymongo.errors import BulkWriteError

from fhir_server.fhir.errors import Invalid
from fhir_server.store import client
from fhir_server.store.clock import wall
from fhir_server.store.concepts import LOADED, Loaded, loaded_of
from fhir_server.store.documents import Document
from fhir_server.store.horizon import Database

_DUPLICATE = 11000
_BATCH_SECONDS = 60
_INDEXED = ("ancestors", "properties", "words")


class ConceptLoads:
    """What writes loaded code systems. Raises Unavailable as the store does."""

    def __init__(self, database: Database) -> None:
        """Nothing is sent yet."""
        self._database = database

    async def begin(self, url: str, version: str, properties: Mapping[str, str]) -> Loaded:
        """Note that a version is being loaded, and make its indexes; nobody sees it yet."""
        declared = {**properties, "inactive": "boolean"}
        loaded = Loaded(uuid.uuid4().hex[:12], url, version, 0, wall(), False, declared)
        row = asdict(loaded)
        models = [IndexModel([(field, 1)]) for field in _INDEXED]
        with client.reachable():
            await self._database[LOADED].insert_one({"_id": row.pop("id"), **row})
            await self._database[loaded.collection].create_indexes(models)
        return loaded

    async def add(self, loaded: Loaded, rows: Sequence[Document]) -> None:
        """Keep concepts; Invalid names a code that is there already."""
        with client.reachable(), pymongo.timeout(_BATCH_SECONDS):
            try:
                await self._database[loaded.collection].insert_many(rows)
            except BulkWriteError as error:
                wrong = (error.details or {}).get("writeErrors", ())
                if wrong and wrong[0]["code"] == _DUPLICATE:
                    code = str(wrong[0]["op"]["_id"])[:64]
                    raise Invalid(
                        f"The code {code!r} is in the file twice.", code="duplicate"
                    ) from None
                raise

    async def finish(self, loaded: Loaded, count: int) -> Loaded:
        """Let it be seen; an older load of the same version goes."""
        with client.reachable():
            seen = {"$set": {"count": count, "complete": True}}
            await self._database[LOADED].update_one({"_id": loaded.id}, seen)
        for older in await self.versions(loaded.url, loaded.version):
            if older.id != loaded.id and older.started < loaded.started:
                await self.drop(older)
        return replace(loaded, count=count, complete=True)

    async def versions(self, url: str, version: str = "") -> list[Loaded]:
        """Give the loads of a system, complete or not; of one version where one is named."""
        asked = {"url": url, "version": version} if version else {"url": url}
        with client.reachable():
            return [loaded_of(row) for row in await self._database[LOADED].find(asked).to_list()]

    async def drop(self, loaded: Loaded) -> None:
        """Let a load go: first nobody finds it, then its concepts are deleted."""
        with client.reachable(), pymongo.timeout(0):
            await self._database[LOADED].delete_one({"_id": loaded.id})
            await self._database.drop_collection(loaded.collection)
