"""Which indexes there should be, which are missing, and building them."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import pymongo
from pymongo import IndexModel
from pymongo.errors import OperationFailure

from fhir_server.store import closures, once, relations, reviews, seals, slow
from fhir_server.store.horizon import Database

Keys = tuple[tuple[str, int], ...]
Wanted = Mapping[str, Sequence[Sequence[tuple[str, int]]]]

_HISTORY: tuple[Keys, ...] = ((("id", 1), ("v", -1)), (("ts", -1), ("id", -1)))
_OWN = ("commits", "chunks", "probe", "index_state", "tombstones", "jobs", "job_pieces")
# How the names of indexes for stored parameters begin, and how many a type has at most.
_STORED, _MOST_STORED = "stored_", 16
_DAY = 24 * 3600
_EXISTS = 48
_SET = "the default index set"


@dataclass(frozen=True, slots=True)
class Index:
    """One index: its collection, and its fields with 1 or -1."""

    collection: str
    keys: Keys


def wanted_indexes(wanted: Wanted, types: Collection[str]) -> list[Index]:
    """Give the indexes of these types and of their history; `*` in `wanted` means every type."""
    found: dict[Index, None] = {}
    for type_ in types:
        for keys in (*wanted.get("*", ()), *wanted.get(type_, ())):
            found[Index(type_, _keys(keys))] = None
        found |= {Index(f"{type_}_history", keys): None for keys in _HISTORY}
    return list(found)


def _keys(pairs: Iterable[Sequence[Any]]) -> Keys:
    return tuple((str(field), int(way)) for field, way in pairs)


async def missing(database: Database, wanted: Wanted, types: Collection[str]) -> list[Index]:
    """Give the wanted indexes that do not exist; one query for each collection there is."""
    there: set[Index] = set()
    for name in await database.list_collection_names():
        if name.removesuffix("_history") in types:
            rows = await (await database[name].list_indexes()).to_list()
            there |= {Index(name, _keys(row["key"].items())) for row in rows}
    return [index for index in wanted_indexes(wanted, types) if index not in there]


async def ensure(database: Database, wanted: Wanted, types: Collection[str]) -> None:
    """Build what is missing, once for each wanted set: the next start only compares its digest."""
    digest = sha256(repr(wanted_indexes(wanted, sorted(types))).encode()).hexdigest()
    state = database.index_state
    if await state.find_one({"_id": _SET, "digest": digest}):
        return
    await build(database, await missing(database, wanted, types), lambda _done, _all: None)
    await state.update_one({"_id": _SET}, {"$set": {"digest": digest}}, upsert=True)


async def build(
    database: Database, wanted: Sequence[Index], progress: Callable[[int, int], None]
) -> None:
    """Build the indexes, those of one collection in one pass; what exists is left alone.

    https://www.mongodb.com/docs/manual/core/index-creation/
    """
    by_collection: dict[str, list[IndexModel]] = {}
    for index in wanted:
        by_collection.setdefault(index.collection, []).append(IndexModel(list(index.keys)))
    done = 0
    for collection, models in by_collection.items():
        with pymongo.timeout(0):
            await database[collection].create_indexes(models)
        done += len(models)
        progress(done, len(wanted))


async def keep(database: Database, type_: str, wanted: Mapping[str, str]) -> None:
    """Build and drop a type's indexes for stored parameters until it has these, by code: field.

    At most 16 of the 64 MongoDB allows a collection: the first by code.
    """
    names = {f"{_STORED}{code}": wanted[code] for code in sorted(wanted)[:_MOST_STORED]}
    if not names and type_ not in await database.list_collection_names():
        return
    rows = await (await database[type_].list_indexes()).to_list()
    there = {row["name"]: next(iter(row["key"])) for row in rows if row["name"].startswith(_STORED)}
    with pymongo.timeout(0):
        for name, field in there.items():
            if names.get(name) != field:
                await database[type_].drop_index(name)
        models = [
            IndexModel([(field, 1)], name=name)
            for name, field in names.items()
            if there.get(name) != field
        ]
        if models:
            await database[type_].create_indexes(models)


async def prepare(database: Database) -> None:
    """Make the store's own collections and let MongoDB delete what is only of the moment."""
    there = await database.list_collection_names()
    named = {one.COLLECTION for one in (once, relations, reviews, slow)}
    for name in {*_OWN, *named, seals.SEALS, seals.CHECKPOINTS} - set(there):
        try:
            await database.create_collection(name, check_exists=False)
        except OperationFailure as error:
            # Another process that starts at the same time was first.
            if error.code != _EXISTS:
                raise
    await database.tombstones.create_index("x._patient", sparse=True)
    for keys in (["patient", "holder"], ["holder"], ["source"]):
        await database[relations.COLLECTION].create_index([(name, 1) for name in keys])
    await database[reviews.COLLECTION].create_index([("reviewed", 1), ("ts", 1), ("_id", 1)])
    for name in (once.COLLECTION, "chunks"):
        await database[name].create_index("at", expireAfterSeconds=_DAY)
    for name, seconds in ((slow.COLLECTION, slow.KEPT), (closures.COLLECTION, closures.KEPT)):
        await database[name].create_index("at", expireAfterSeconds=seconds)
    await database.locks.create_index("at", expireAfterSeconds=3600)
    await database.writers.create_index("at", expireAfterSeconds=_DAY)
    await database.jobs.create_index([("state", 1), ("created", 1), ("_id", 1)])
    await database.jobs.create_index("expires", expireAfterSeconds=0)
    await database.job_pieces.create_index("expires", expireAfterSeconds=0)
