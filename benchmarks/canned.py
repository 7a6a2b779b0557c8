"""L2: what speaks MongoDB's wire protocol and answers from memory, so that only our side counts.

    python -m benchmarks.canned PORT URI

While it learns, questions it does not know are asked of the server at URI, and remembered; after
the command `{"learn": 0}` it knows what it knows. Documents are found by `_id` among those seen and
those written; any other question has the answer it had, but for the lists of AuditEvents, which are
those written. Writes are taken, never sent on.
https://www.mongodb.com/docs/manual/reference/mongodb-wire-protocol/
"""

import asyncio
import struct
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import bson
import uvloop
from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument
from pymongo import AsyncMongoClient

from fhir_server.store.seals import WAITING

OP_REPLY, OP_QUERY, OP_MSG = 1, 2004, 2013
_HEAD = struct.Struct("<iiii")
_RAW: CodecOptions[RawBSONDocument] = CodecOptions(document_class=RawBSONDocument)
# What differs each time a question is asked, by a lane or the driver, and changes no answer.
_OF_THE_MOMENT = frozenset({
    "$clusterTime", "$db", "$readPreference", "apiVersion", "autocommit", "batchSize", "lsid",
    "maxTimeMS", "readConcern", "singleBatch", "startTransaction", "txnNumber",
})  # fmt: skip
_NOT_NEEDED = ("compression", "topologyVersion", "operationTime", "$clusterTime")
_HELLO = {
    "helloOk": True, "isWritablePrimary": True, "ismaster": True, "maxBsonObjectSize": 2**24,
    "maxMessageSizeBytes": 48_000_000, "maxWriteBatchSize": 100_000, "localTime": None,
    "logicalSessionTimeoutMinutes": 30, "minWireVersion": 0, "maxWireVersion": 21,
    "readOnly": False, "ok": 1.0,
}  # fmt: skip
Json = dict[str, Any]

_WRITES = {"insert": "document", "update": "update", "delete": "delete"}
_QUESTIONS = ("find", "aggregate", "count", "distinct", "listIndexes", "listCollections")
# All of an answer at once: nobody comes back for more.
_BATCH = {"batchSize": 100_000}
_WHOLE: dict[str, Json] = {
    "find": _BATCH,
    "aggregate": {"cursor": _BATCH},
    "listIndexes": {"cursor": _BATCH},
    "listCollections": {"cursor": _BATCH},
}
_OK = {"ok": 1.0}
_DONE = {"findAndModify": {"lastErrorObject": {"n": 1}, "value": None, "ok": 1.0}}


class Canned:
    """What it knows: documents by collection and id, answers by question."""

    def __init__(self, upstream: AsyncMongoClient[Any] | None = None) -> None:
        """Without an `upstream` nothing is learnt."""
        self._upstream = upstream
        self.learns = upstream is not None
        self.documents: dict[str, dict[Any, bytes]] = {}
        self._cut: dict[tuple[str, Any], dict[tuple[str, ...], bytes]] = {}
        self._told: dict[bytes, Mapping[str, Any]] = {}
        self._hello: Json = dict(_HELLO)

    async def ready(self) -> None:
        """Learn what the upstream says of itself."""
        if self._upstream:
            self._hello = dict(await self._upstream.admin.command("hello"))
            for name in _NOT_NEEDED:
                self._hello.pop(name, None)
            self._hello |= {"helloOk": True, "ismaster": True}

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one connection until it is closed."""
        try:
            while True:
                length, number, _, code = _HEAD.unpack(await reader.readexactly(_HEAD.size))
                message = await reader.readexactly(length - _HEAD.size)
                writer.write(await self._message(code, number, message))
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def _message(self, code: int, number: int, message: bytes) -> bytes:
        if code == OP_QUERY:
            body = bson.encode(self._hello)
            told = struct.pack("<iqii", 8, 0, 0, 1) + body
            return _HEAD.pack(_HEAD.size + len(told), 0, number, OP_REPLY) + told
        told = b"\0\0\0\0\0" + bson.encode(await self.answer(read(message)))
        return _HEAD.pack(_HEAD.size + len(told), 0, number, OP_MSG) + told

    async def answer(self, command: Json) -> Mapping[str, Any]:
        """Give the answer to a command."""
        name = next(iter(command))
        collection = f"{command['$db']}.{command[name]}"
        if name in _WRITES:
            return self._written(name, collection, command[f"{_WRITES[name]}s"])
        if name == "find" and (ids := by_id(command["filter"])) is not None:
            return await self._by_id(collection, command, ids)
        if name == "find" and collection.endswith(WAITING):
            kept = self.documents.get(collection, {})
            return _batch(collection, [RawBSONDocument(one) for one in kept.values()])
        if name in _QUESTIONS:
            return await self._known(name, collection, command)
        if name == "learn":
            self.learns = bool(command["learn"])
        return self._hello if name.lower() in ("hello", "ismaster") else _DONE.get(name, _OK)

    async def _by_id(self, collection: str, command: Json, ids: Sequence[Any]) -> Json:
        there = self.documents.setdefault(collection, {})
        missed = [one for one in ids if one not in there]
        if missed and self.learns and self._upstream:
            database = self._upstream[command["$db"]]
            asked = {"find": command["find"], "filter": {"_id": {"$in": missed}}}
            told = await database.command(asked | _WHOLE["find"], codec_options=_RAW)
            for row in told["cursor"]["firstBatch"]:
                there[row["_id"]] = bytes(row.raw)
        fields = tuple(command.get("projection") or ())
        found = [self._shown(collection, one, fields) for one in ids if one in there]
        return _batch(collection, found)

    def _shown(self, collection: str, id_: Any, fields: tuple[str, ...]) -> RawBSONDocument:
        """Give a document, or the fields of it that are asked for."""
        whole = self.documents[collection][id_]
        if not fields:
            return RawBSONDocument(whole)
        cut = self._cut.setdefault((collection, id_), {})
        if fields not in cut:
            cut[fields] = bson.encode(dict(_picked(bson.decode(whole), ("_id", *fields))))
        return RawBSONDocument(cut[fields])

    async def _known(self, name: str, collection: str, command: Json) -> Mapping[str, Any]:
        question = {key: one for key, one in command.items() if key not in _OF_THE_MOMENT}
        key = collection.encode() + bson.encode(dict(sorted(question.items())))
        if key not in self._told and self.learns and self._upstream:
            database = self._upstream[command["$db"]]
            told = await database.command(question | _WHOLE.get(name, {}), codec_options=_RAW)
            kept = {one: told[one] for one in told if one not in _NOT_NEEDED}
            self._told[key] = kept
        nothing = {"n": 0, "values": [], "ok": 1.0} if name in ("count", "distinct") else None
        return self._told.get(key) or nothing or _batch(collection, [])

    def _written(self, name: str, collection: str, writes: Sequence[Mapping[str, Any]]) -> Json:
        """Keep new documents and what replaces one; take any other change for made."""
        there = self.documents.setdefault(collection, {})
        count = 0
        for one in writes:
            new = one.get("u") if name == "update" else one
            gone = by_id(one["q"]) or () if name == "delete" else ()
            count += len(gone) or 1
            for id_ in gone:
                there.pop(id_, None)
                self._cut.pop((collection, id_), None)
            if name == "insert" and isinstance(new, dict):
                new = RawBSONDocument(bson.encode(new))
            if isinstance(new, RawBSONDocument) and "_id" in new:
                there[new["_id"]] = bytes(new.raw)
                self._cut.pop((collection, new["_id"]), None)
        return {"n": count, "nModified": count, "ok": 1.0}


def _batch(collection: str, found: Sequence[RawBSONDocument]) -> Json:
    return {"cursor": {"firstBatch": found, "id": bson.Int64(0), "ns": collection}, "ok": 1.0}


def _picked(row: Mapping[str, Any], fields: Iterable[str]) -> Iterator[tuple[str, Any]]:
    for field in fields:
        outer, _, inner = field.partition(".")
        if inner and isinstance(row.get(outer), Mapping):
            yield outer, dict(_picked(row[outer], [inner]))
        elif outer in row:
            yield outer, row[outer]


def by_id(filter_: Mapping[str, Any]) -> Sequence[Any] | None:
    """Give the ids a filter asks for, alone or beside other things; None where it asks for none.

    What else it asks is taken for granted.
    """
    if "$and" in filter_:
        return next((ids for one in filter_["$and"] if (ids := by_id(one)) is not None), None)
    match filter_.get("_id"):
        case {"$in": list(ids)}:
            return ids
        case None | Mapping():
            return None
        case id_:
            return [id_]


def read(message: bytes) -> Json:
    """Give the command of an OP_MSG; documents beside it stay as they are."""
    command: Json = {}
    at = 4
    while at < len(message):
        kind = message[at]
        (size,) = struct.unpack_from("<i", message, at + 1)
        section = message[at + 1 : at + 1 + size]
        if kind == 0:
            command = bson.decode(section) | command
        else:
            name, _, rows = section[4:].partition(b"\0")
            command[name.decode()] = list(bson.decode_iter(rows, _RAW))
        at += 1 + size
    return command


async def _serve(port: int, uri: str) -> None:
    canned = Canned(AsyncMongoClient(uri))
    await canned.ready()
    server = await asyncio.start_server(canned.serve, "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(_serve(int(sys.argv[1]), sys.argv[2]))
