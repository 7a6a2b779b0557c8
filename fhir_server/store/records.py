"""Small records beside the resources: clients, codes, tokens, keys, users, sessions.

Authlib's server core is synchronous and runs in threads, so `Records` is too; `Reading` is what the
request path reads, asynchronously. Both see the same collections, one for each kind.

`expires`, where a record has it, is int seconds since the Unix epoch; an expired record is deleted
some time later by the database, so whoever reads it compares.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Self

from pymongo import AsyncMongoClient, InsertOne, MongoClient, ReturnDocument, UpdateOne
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.database import Database
from pymongo.errors import BulkWriteError, DuplicateKeyError

from fhir_server.store.client import OPTIONS, reachable, taken
from fhir_server.store.documents import portions
from fhir_server.store.finding import find
from fhir_server.store.loader import Loader

Record = dict[str, Any]
_PLAIN = (str, int, bool, bytes, type(None))


class Records:
    """The records of one authorization server. Raises Unavailable where the database is away."""

    def __init__(self, database: Database[Record]) -> None:
        """Use `Records.open`."""
        self.database = database

    @classmethod
    def open(cls, uri: str, database: str) -> Self:
        """Give the records of a database; nothing is sent yet."""
        return cls(MongoClient[Record](uri, **OPTIONS)[database])

    def prepare(self, kinds: Mapping[str, Sequence[str]]) -> None:
        """Index by kind these fields, and let what expires go; may be repeated."""
        with reachable():
            for kind, fields in kinds.items():
                self.database[kind].create_index("expires", expireAfterSeconds=0)
                for field in fields:
                    self.database[kind].create_index(field)

    def close(self) -> None:
        """Give back the connections."""
        self.database.client.close()

    def insert(self, kind: str, record: Record) -> bool:
        """Keep a new record, which has its `_id`; False where that is taken."""
        with reachable():
            try:
                self.database[kind].insert_one(_kept(record))
            except DuplicateKeyError:
                return False
        return True

    def insert_all(self, kind: str, records: Sequence[Record]) -> None:
        """Keep new records, each under an `_id` nobody else has."""
        with reachable():
            self.database[kind].insert_many([_kept(one) for one in records], ordered=False)

    def get(self, kind: str, id_: str) -> Record | None:
        """Give the record of this id."""
        return self.one(kind, {"_id": id_})

    def several(self, kind: str, ids: Sequence[str]) -> dict[str, Record]:
        """Give by id the records of these ids, in one question."""
        with reachable():
            rows = list(self.database[kind].find({"_id": {"$in": list(ids)}}))
        return {row["_id"]: one for row in rows if (one := _told(row))}

    def one(self, kind: str, where: Mapping[str, Any]) -> Record | None:
        """Give a record whose fields have these values."""
        with reachable():
            return _told(self.database[kind].find_one(_equal(where)))

    def find(
        self, kind: str, where: Mapping[str, Any], limit: int = 1000, after: str = ""
    ) -> list[Record]:
        """Give at most `limit` records whose fields have these values, by `_id`, from `after` on.

        `after` is the `_id` of the last record of the page before.
        """
        asked = {**_equal(where), **({"_id": {"$gt": after}} if after else {})}
        with reachable():
            found = self.database[kind].find(asked).sort("_id", 1).limit(limit)
            return [one for row in found if (one := _told(row))]

    def due(
        self, kind: str, where: Mapping[str, Any], field: str, now: int, limit: int
    ) -> list[Record]:
        """Give at most `limit` records with these values whose `field` is up to `now`, by it."""
        asked = {**_equal(where), field: {"$lte": now}}
        with reachable():
            found = self.database[kind].find(asked).sort([(field, 1), ("_id", 1)]).limit(limit)
            return [one for row in found if (one := _told(row))]

    def total(self, kind: str, where: Mapping[str, Any]) -> int:
        """Say how many records have these values."""
        with reachable():
            return self.database[kind].count_documents(_equal(where))

    def change(self, kind: str, where: Mapping[str, Any], to: Mapping[str, Any]) -> Record | None:
        """Set fields of the one record whose fields have these values, in one atomic step.

        Gives the record as it was before, None where there was none: of many who ask for
        `{"_id": code, "used": False}` with `{"used": True}` exactly one gets it.
        """
        with reachable():
            return _told(
                self.database[kind].find_one_and_update(
                    _equal(where), {"$set": _kept(to)}, return_document=ReturnDocument.BEFORE
                )
            )

    def change_all(self, kind: str, where: Mapping[str, Any], to: Mapping[str, Any]) -> int:
        """Set fields of every record whose fields have these values; give how many."""
        with reachable():
            return (
                self.database[kind].update_many(_equal(where), {"$set": _kept(to)}).modified_count
            )

    def count_up(self, kind: str, id_: str, expires: int) -> int:
        """Add one to the counter of this id, made where there is none; give what it says."""
        # Not one upsert: of several at the same time some fail, or count for nothing.
        while True:
            with reachable():
                row = self.database[kind].find_one_and_update(
                    {"_id": id_}, {"$inc": {"n": 1}}, return_document=ReturnDocument.AFTER
                )
            if row is not None:
                return int(row["n"])
            self.insert(kind, {"_id": id_, "n": 0, "expires": expires})

    def count(self, kind: str, ids: Iterable[str], now: int, expires: int) -> None:
        """Add one to the counter of each id, as often as it is named; they live until `expires`.

        What expired before `now` counts not.
        """
        left = Counter(ids)
        while left:
            rows = self.several(kind, [*left])
            live = {id_ for id_, row in rows.items() if row["expires"] > now}
            with reachable():
                if over := [*rows.keys() - live]:
                    old = {"_id": {"$in": over}, "expires": {"$lte": _date(now)}}
                    self.database[kind].delete_many(old)
                left = self._counted(kind, left, live, _date(expires))

    def _counted(
        self, kind: str, counts: Counter[str], live: Collection[str], expires: datetime
    ) -> Counter[str]:
        """Count in one call; give what another process began to count meanwhile."""
        ids = [*counts]
        writes = [
            UpdateOne({"_id": id_}, {"$inc": {"n": counts[id_]}, "$set": {"expires": expires}})
            if id_ in live
            else InsertOne({"_id": id_, "n": counts[id_], "expires": expires})
            for id_ in ids
        ]
        try:
            self.database[kind].bulk_write(writes, ordered=False)
        except BulkWriteError as error:
            return Counter({ids[index]: counts[ids[index]] for index in taken(error)})
        return Counter()

    def remove(self, kind: str, where: Mapping[str, Any]) -> int:
        """Delete the records whose fields have these values; give how many."""
        with reachable():
            return self.database[kind].delete_many(_equal(where)).deleted_count

    def remove_all(self, kind: str, ids: Iterable[str]) -> None:
        """Delete the records of these ids, where there are any."""
        with reachable():
            for some in portions({*ids}):
                self.database[kind].delete_many({"_id": {"$in": some}})


class Reading:
    """The same records, read on the request path."""

    def __init__(self, database: AsyncDatabase[Record]) -> None:
        """Use `Reading.open`."""
        self.database = database
        self._loader = Loader(self._fetch)

    @classmethod
    def open(cls, uri: str, database: str) -> Self:
        """Give the records of a database; nothing is sent yet."""
        return cls(AsyncMongoClient[Record](uri, **OPTIONS)[database])

    async def close(self) -> None:
        """Give back the connections."""
        await self.database.client.close()

    async def get(self, kind: str, id_: str) -> Record | None:
        """Give the record of this id; joins other callers."""
        return await self._loader.read(kind, id_)

    async def find(self, kind: str, where: Mapping[str, Any], limit: int = 1000) -> list[Record]:
        """Give at most `limit` records whose fields have these values, by `_id`."""
        with reachable():
            asked = _equal(where)
            found = await find(self.database, kind, asked, None, sort=[("_id", 1)], limit=limit)
        return [one for row in found if (one := _told(row))]

    async def _fetch(self, kind: str, ids: Collection[str]) -> Mapping[str, Record]:
        with reachable():
            rows = await find(self.database, kind, {"_id": {"$in": [*ids]}}, None)
        return {row["_id"]: one for row in rows if (one := _told(row))}


def _equal(where: Mapping[str, Any]) -> Record:
    """Refuse anything but plain values: what came from outside is never an operator."""
    for name, value in where.items():
        if name.startswith("$") or not isinstance(value, _PLAIN):
            raise TypeError("Records are found by plain values of their fields only.")
    return dict(where)


def _kept(record: Mapping[str, Any]) -> Record:
    if "expires" not in record:
        return dict(record)
    return {**record, "expires": _date(record["expires"])}


def _date(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _told(row: Record | None) -> Record | None:
    if row is None or "expires" not in row:
        return row
    return {**row, "expires": int(row["expires"].replace(tzinfo=UTC).timestamp())}
