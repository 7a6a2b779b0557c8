"""The first load: batches inserted into an empty database without transactions, and what mends it.

A resource nobody has written yet is one document; so a batch is inserted in any order, and what
belongs to it, relations and its line in `commits`, comes after. `loading` holds the stamp of each
batch on its way, and `begun` until the load has ended. See docs/adr/0052-first-load.md.
"""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import bson
import pymongo
from bson.raw_bson import RawBSONDocument
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import BulkWriteError
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from fhir_server.fhir import json
from fhir_server.fhir.audit_event import TYPE as AUDIT
from fhir_server.fhir.errors import Conflict, NotSupported
from fhir_server.search.index import CARE_FIELD
from fhir_server.store import definitions, relations, write
from fhir_server.store.client import reachable
from fhir_server.store.clock import wall
from fhir_server.store.documents import Change, Document, portions, stamped
from fhir_server.store.horizon import Database
from fhir_server.store.steps import Allow

COLLECTION = "loading"
_BEGUN: Document = {"_id": "begun"}
_WRITER = "load"
_DUPLICATE = 11000
_PATIENT = 60.0  # seconds an insert may take, then the database gives it up
# What is written with more than itself: it decides how others are read, or is signed.
_APART = {definitions.TYPE: "send it to the server first", AUDIT: "the server writes it"}

Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Batch:
    """Resources ready to be inserted with one stamp: by type, each as BSON under its id.

    `again` are those that may not be, being the second of an id here or larger than a document.
    """

    ts: int
    rows: Mapping[str, Mapping[str, bytes]]
    relations: Mapping[str, Sequence[Document]]
    again: Sequence[Change] = ()

    def keys(self) -> set[Key]:
        """Give type and id of all."""
        mine = {(type_, id_) for type_, rows in self.rows.items() for id_ in rows}
        return mine | {(one.type, one.id) for one in self.again}


def check(type_: str) -> None:
    """Raise NotSupported for a type that takes the ordinary road alone."""
    if type_ in _APART:
        raise NotSupported(f"A first load takes no {type_}: {_APART[type_]}.")


def batch(allow: Allow, changes: Iterable[Change], ts: int) -> Batch:
    """Make a batch of changes, each a resource with its id, in their order; runs anywhere."""
    listed = list(changes)
    first: dict[Key, Change] = {}
    for change in listed:
        first.setdefault((change.type, change.id), change)
    again = [one for one in listed if first[one.type, one.id] is not one]
    rows: dict[str, dict[str, bytes]] = {}
    cares: dict[str, Sequence[Document]] = {}
    found, _ = write.documents(allow, first.values(), {}, ts)
    for type_, writes in found.items():
        live: Sequence[Any] = writes.live
        for one in live:
            document: Document = one._doc  # noqa: SLF001 an InsertOne has no other name for it
            id_ = document["_id"]
            if "chunks" in document:
                again.insert(0, first[type_, id_])
                continue
            rows.setdefault(type_, {})[id_] = bson.encode(document)
            if told := relations.documents(f"{type_}/{id_}", document["x"]):
                cares[f"{type_}/{id_}"] = told
    return Batch(ts, rows, cares, again)


class FirstLoad:
    """The first load of a database. Errors are fhir.errors."""

    def __init__(self, database: Database) -> None:
        """Nothing is sent yet."""
        self._database = database
        self._loading = database[COLLECTION]

    async def begin(self) -> int:
        """Begin, or go on with what was broken off; give the stamp all others have to be after.

        Raises Conflict where somebody has written here. What wrote a resource left a commit.
        """
        with reachable():
            await self.mend()
            newest = {"sort": [("_id", -1)], "projection": {"_id": 1}}
            last = await self._database.commits.find_one({}, **newest)
            left = await self._loading.find_one({"_id": {"$gt": 0}}, **newest)
            if await self._loading.find_one(_BEGUN) is None:
                if last:
                    told = "There are resources here; only an empty database takes a first load."
                    raise Conflict(told)
                await self._loading.insert_one(dict(_BEGUN))
            return max(int(row["_id"]) if row else 0 for row in (last, left))

    async def end(self) -> None:
        """Say that it is whole: from now on there is no first load here."""
        with reachable():
            await self._loading.delete_many({})

    async def write(self, batch: Batch) -> list[Change]:
        """Insert a batch; give as changes what has to take the ordinary road.

        That is another resource than the one that has its id already, and `again`.
        """
        with reachable(), pymongo.timeout(_PATIENT):
            await self._loading.insert_one({"_id": batch.ts, "at": wall()})
            left: list[Change] = []
            stamps: dict[int, list[Key]] = {batch.ts: []}
            for type_, rows in batch.rows.items():
                there = await self._inserted(type_, [RawBSONDocument(row) for row in rows.values()])
                listed = list(rows.items())
                known = {listed[place][0]: _change(type_, listed[place][1]) for place in there}
                stamps[batch.ts] += [(type_, id_) for id_ in rows if id_ not in known]
                async for id_, ts in self._equal(type_, known):
                    del known[id_]
                    stamps.setdefault(ts, []).append((type_, id_))
                left += known.values()
            keys = ("/".join(key) for of_stamp in stamps.values() for key in of_stamp)
            cares = [one for key in keys for one in batch.relations.get(key, ())]
            await self._inserted(relations.COLLECTION, cares)
            for ts, of_stamp in stamps.items():
                await self._told(ts, of_stamp)
            await self._loading.delete_one({"_id": batch.ts})
        return [*left, *batch.again]

    async def _inserted(self, collection: str, rows: Sequence[Any]) -> list[int]:
        """Insert documents in any order; give the places of those whose id is in use."""
        try:
            if rows:
                await self._database[collection].insert_many(rows, ordered=False)
        except BulkWriteError as error:
            wrong = error.details["writeErrors"]
            if any(one["code"] != _DUPLICATE for one in wrong):
                raise
            return [one["index"] for one in wrong]
        return []

    async def _equal(
        self, type_: str, known: Mapping[str, Change]
    ) -> AsyncIterator[tuple[str, int]]:
        """Give id and stamp of those a load before this one left, the same to the byte."""
        for some in portions(known):
            wanted = {"_id": {"$in": some}, "v": 1}
            rows = self._database[type_].find(wanted, {"ts": 1, "body": 1})
            for row in await rows.to_list():
                if stamped(known[row["_id"]], 1, row["ts"]) == row.get("body"):
                    yield row["_id"], int(row["ts"])

    async def _told(
        self, ts: int, keys: Sequence[Key], session: AsyncClientSession | None = None
    ) -> None:
        """Let the line of a stamp tell of these too; it may already."""
        if keys:
            told = [[*key, 1, "update"] for key in keys]
            more = {"$addToSet": {"c": {"$each": told}}, "$setOnInsert": {"w": _WRITER}}
            await self._database.commits.update_one({"_id": ts}, more, upsert=True, session=session)

    async def mend(self) -> int:
        """Finish what a load that was killed left half done; give how many batches that were.

        Of such a batch some resources are there, each of them whole: they get the relations they
        tell of and their line in `commits`. It may be repeated, and run beside a load. What the
        database was about to insert may still come for a minute, so the stamp is kept till then.
        """
        with reachable():
            rows = await self._loading.find({"_id": {"$gt": 0}}).to_list()
            for row in rows:
                over = wall() - int(row["at"]) > _PATIENT * 1_000_000
                await self._mend(int(row["_id"]), over=over)
        return len(rows)

    async def _mend(self, ts: int, *, over: bool) -> None:
        found = await self._stamped(ts)
        async with self._database.client.start_session() as session:
            await session.start_transaction(
                ReadConcern("snapshot"), WriteConcern("majority", j=True)
            )
            for type_, of_type in found.items():
                cares = {id_: fields for id_, fields in of_type.items() if CARE_FIELD in fields}
                await relations.rewrite(self._database, session, type_, list(cares), cares)
            keys = [(type_, id_) for type_, of_type in found.items() for id_ in of_type]
            await self._told(ts, keys, session)
            if over:
                await self._loading.delete_one({"_id": ts}, session=session)
            await session.commit_transaction()

    async def _stamped(self, ts: int) -> dict[str, dict[str, Any]]:
        """Give the index fields of the resources with this stamp, by type and id."""
        found: dict[str, dict[str, Any]] = {}
        for name in sorted(await self._database.list_collection_names()):
            if name[:1].isupper() and not name.endswith("_history"):
                rows = self._database[name].find({"ts": ts}, {f"x.{CARE_FIELD}": 1})
                if listed := await rows.to_list():
                    found[name] = {row["_id"]: row.get("x", {}) for row in listed}
        return found

    async def missing(self, targets: Iterable[str]) -> set[str]:
        """Give which of these references, as `Type/id`, lead to nothing."""
        by_type: dict[str, list[str]] = {}
        for target in targets:
            type_, _, id_ = target.partition("/")
            by_type.setdefault(type_, []).append(id_)
        lost: set[str] = set()
        with reachable():
            for type_, ids in by_type.items():
                for some in portions(ids):
                    rows = self._database[type_].find({"_id": {"$in": some}}, {"_id": 1})
                    there = {row["_id"] for row in await rows.to_list()}
                    lost |= {f"{type_}/{id_}" for id_ in some if id_ not in there}
        return lost


def _change(type_: str, row: bytes) -> Change:
    """Give the change a document was made of."""
    made = bson.decode(row)
    resource = json.parse_object(made["body"])
    return Change(type_, made["_id"], "update", resource, made["x"], made["f"])
