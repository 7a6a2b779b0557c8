"""The floors: the same bytes from a bare ASGI application, the same documents by insert_many."""

import os
import pickle
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pymongo
from bson.raw_bson import RawBSONDocument
from pymongo.database import Database
from pymongo.write_concern import WriteConcern

from benchmarks.exchange import Answer

# Method and target, such as `GET /fhir/Patient/1` → the answer.
Answers = Mapping[str, Answer]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Documents = Mapping[str, Sequence[RawBSONDocument]]

THREADS = 4


@dataclass(frozen=True, slots=True)
class Inserted:
    """One run of the insert floor: `transactions` calls' worth, `documents` in all, seconds."""

    transactions: int
    documents: int
    seconds: float
    cpu: float


def application() -> Callable[..., Awaitable[None]]:
    """Give an application that answers paths with bytes it was given, by the file FLOOR_ANSWERS."""
    # A file this benchmark wrote itself a moment ago.
    answers: Answers = pickle.loads(Path(os.environ["FLOOR_ANSWERS"]).read_bytes())  # noqa: S301 - our own

    async def answer(scope: Mapping[str, Any], receive: Callable[..., Any], send: Send) -> None:
        if scope["type"] != "http":
            await _lifespan(receive, send)
            return
        target, query = scope["raw_path"].decode(), scope["query_string"].decode()
        told = answers[f"{scope['method']} {target}{'?' if query else ''}{query}"]
        start = {"status": told.status, "headers": told.headers}
        await send({"type": "http.response.start", **start})
        await send({"type": "http.response.body", "body": told.body})

    return answer


async def _lifespan(receive: Callable[..., Any], send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


def inserts(uri: str, source: str, target: str, after: int) -> Inserted:
    """Write what the commits after the ts `after` created in `source` into `target` again.

    The same documents, as they are stored, into collections with the same indexes; one insert_many
    a type for what was one transaction, acknowledged by a majority and journaled, four at a time.
    """
    client: pymongo.MongoClient[RawBSONDocument] = pymongo.MongoClient(
        uri, document_class=RawBSONDocument
    )
    with client:
        transactions = list(_created(client[source], after))
        into = client.get_database(target, write_concern=WriteConcern("majority", j=True))
        _same_indexes(client[source], into, {type_ for one in transactions for type_ in one})

        def write(one: Documents) -> int:
            for type_, documents in one.items():
                into[type_].insert_many(documents)
            return sum(map(len, one.values()))

        write({})
        began, cpu = time.perf_counter(), time.process_time()
        with ThreadPoolExecutor(THREADS) as pool:
            documents = sum(pool.map(write, transactions))
        seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    return Inserted(len(transactions), documents, seconds, cpu)


def _created(database: Database[RawBSONDocument], after: int) -> Sequence[Documents]:
    found = []
    for commit in database.commits.find({"_id": {"$gt": after}}).sort("_id", 1):
        ids: dict[str, list[str]] = {}
        for type_, id_, version, _ in commit["c"]:
            if version == 1:
                ids.setdefault(type_, []).append(id_)
        found.append({
            type_: list(database[type_].find({"_id": {"$in": some}})) for type_, some in ids.items()
        })  # fmt: skip
    return found


def _same_indexes(
    source: Database[RawBSONDocument], target: Database[RawBSONDocument], types: set[str]
) -> None:
    for type_ in types:
        keys = [list(row["key"].items()) for row in source[type_].list_indexes()]
        keys.remove([("_id", 1)])
        target[type_].create_indexes([pymongo.IndexModel(one) for one in keys])


def last_commit(uri: str, database: str) -> int:
    """Give the ts of the newest commit, 0 without one."""
    with pymongo.MongoClient[dict[str, Any]](uri) as client:
        row = client[database].commits.find_one({}, sort=[("_id", -1)])
    return int(row["_id"]) if row else 0
