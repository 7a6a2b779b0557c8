"""A server of one test: speaks the wire protocol, and answers what it is told to."""

import asyncio
import struct
from contextlib import asynccontextmanager

import bson

from benchmarks.canned import _HELLO, read

HEAD = struct.Struct("<iiii")
KEPT = {"n": 1, "ok": 1.0}


def message(number, answer, *, code=2013, flags=0):
    """Give an answer as it goes over the wire."""
    told = struct.pack("<iB", flags, 0) + bson.encode(answer)
    return HEAD.pack(HEAD.size + len(told), 1, number, code) + told


def rows(*ids, cursor=0, batch="firstBatch"):
    """Give what a find or a getMore answers."""
    found = [{"_id": id_} for id_ in ids]
    return {"cursor": {batch: found, "id": bson.Int64(cursor), "ns": "health.Patient"}, "ok": 1.0}


class Hostile:
    """What was asked by whom; `answer(number, command)` gives bytes to send, None to hang up.

    Only the driver names a session: its questions are answered as they should be.
    """

    def __init__(self):
        self.answer = None
        self.hello = dict(_HELLO)
        self.asked = []

    async def serve(self, reader, writer):
        try:
            while True:
                length, number, _, code = HEAD.unpack(await reader.readexactly(HEAD.size))
                told = await reader.readexactly(length - HEAD.size)
                sent = self._told(number, code, told)
                if asyncio.iscoroutine(sent):
                    sent = await sent
                if sent is None:
                    break
                writer.write(sent)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    def _told(self, number, code, told):
        if code == 2004:
            body = struct.pack("<iqii", 8, 0, 0, 1) + bson.encode(self.hello)
            return HEAD.pack(HEAD.size + len(body), 1, number, 1) + body
        command = read(told)
        name = next(iter(command))
        if name not in ("find", "getMore", "killCursors", "insert"):
            known = name.lower() in ("hello", "ismaster")
            return message(number, self.hello if known else {"ok": 1.0})
        by = "driver" if "lsid" in command else "lane"
        self.asked.append((by, name))
        if by == "driver" or self.answer is None:
            return message(number, KEPT if name == "insert" else rows(by))
        return self.answer(number, command)


@asynccontextmanager
async def hostile():
    """Give the server and its URI."""
    server = Hostile()
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    try:
        yield server, f"mongodb://127.0.0.1:{port}/?directConnection=true"
    finally:
        listening.close()
