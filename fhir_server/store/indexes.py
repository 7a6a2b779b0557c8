"""Which indexes there should be, which are missing, and building them."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import pymongo
from pymongo import IndexModel
from pymongo.errors import OperationFailure

from fhir_server.fhir.audit_event import TYPE
from fhir_server.store import closures, once, relations, reviews, seals, slow
from fhir_server.store.horizon import Database

Keys = tuple[tuple[str, int], ...]
Wanted = Mapping[str, Sequence[Sequence[tuple[str, int]]]]

_HISTORY: tuple[Keys, ...] = ((("id", 1), ("v", -1)), (("ts", -1), ("id", -1)))
# How the names of indexes for stored parameters begin, and how many a type has at most.
_STORED, _MOST_STORED = "stored_", 16
_DAY = 24 * 3600
_EXISTS, _NO_INDEX = 48, 27
_SET = "the default index set"


def _expiring(seconds: int, field: str = "at") -> IndexModel:
    """Give the index by which MongoDB deletes a document so long after what the field says."""
    return IndexModel(field, expireAfterSeconds=seconds)


# The store's own collections: those of no index but `_id`, and the indexes of the others.
_BARE = (
    *("commits", "probe", "index_state"),
    *(TYPE, seals.WAITING, seals.SEALS, seals.CHECKPOINTS),
)
_OWN: Mapping[str, Sequence[IndexModel]] = {
    "tombstones": [IndexModel("x._patient", sparse=True)],
    relations.COLLECTION: [IndexModel(["holder", "patient"]), IndexModel("source")],
    reviews.COLLECTION: [IndexModel(["reviewed", "ts", "_id"])],
    once.COLLECTION: [_expiring(_DAY)],
    "chunks": [_expiring(_DAY)],
    slow.COLLECTION: [_expiring(slow.KEPT)],
    closures.COLLECTION: [_expiring(closures.KEPT)],
    "locks": [_expiring(3600)],
    "writers": [_expiring(_DAY)],
    "jobs": [IndexModel(["state", "created", "_id"]), _expiring(0, "expires")],
    "job_pieces": [_expiring(0, "expires")],
}
# What once was in the default index set and nothing needs any more: dropped where it is found.
_RETIRED: Wanted = {
    "AuditEvent": [[("seal", 1), ("ts", 1), ("_id", 1)]],
    "Procedure": [[("x.patient", 1), ("x.code", 1), ("x.date.lo", -1), ("_id", -1)]],
    "ServiceRequest": [[("x.patient", 1), ("x.code", 1)]],
    relations.COLLECTION: [[("patient", 1), ("holder", 1)], [("holder", 1)]],
    "Task": [[("x.focus", 1)]],
}


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
    there = await _there(database, types)
    return [index for index in wanted_indexes(wanted, types) if index not in there]


async def _there(database: Database, types: Collection[str]) -> set[Index]:
    there: set[Index] = set()
    for name in await database.list_collection_names():
        if name.removesuffix("_history") in types:
            rows = await (await database[name].list_indexes()).to_list()
            there |= {Index(name, _keys(row["key"].items())) for row in rows}
    return there


async def retired(database: Database, wanted: Wanted, types: Collection[str]) -> list[Index]:
    """Give the indexes an earlier default set made that are there and not wanted any more."""
    old = {Index(type_, _keys(keys)) for type_, rows in _RETIRED.items() for keys in rows}
    left = (old & await _there(database, _RETIRED)) - {*wanted_indexes(wanted, types)}
    return sorted(left, key=repr)


async def drop(database: Database, unneeded: Iterable[Index]) -> None:
    """Drop indexes; one that another process has dropped meanwhile is no error."""
    for index in unneeded:
        try:
            await database[index.collection].drop_index(list(index.keys))
        except OperationFailure as error:
            if error.code != _NO_INDEX:
                raise


async def ensure(database: Database, wanted: Wanted, types: Collection[str]) -> None:
    """Build what is missing and drop what is retired, once for each wanted set.

    The next start only compares its digest.
    """
    built, state = mark(wanted, types), database.index_state
    if await state.find_one(built):
        return
    await build(database, await missing(database, wanted, types), lambda _done, _all: None)
    await drop(database, await retired(database, wanted, types))
    await state.replace_one({"_id": _SET}, built, upsert=True)


def mark(wanted: Wanted, types: Collection[str]) -> dict[str, str]:
    """Give the document that says, in `index_state`, that this set is built."""
    whole = repr((wanted_indexes(wanted, sorted(types)), _RETIRED))
    return {"_id": _SET, "digest": sha256(whole.encode()).hexdigest()}


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
    """Make the store's own collections and let MongoDB delete what is only of the moment.

    Making an index makes its collection too.
    """
    bare = {*_BARE} - set(await database.list_collection_names())
    for name in sorted(bare):
        try:
            await database.create_collection(name, check_exists=False)
        except OperationFailure as error:
            # Another process that starts at the same time was first.
            if error.code != _EXISTS:
                raise
    for name, models in _OWN.items():
        await database[name].create_indexes(models)
