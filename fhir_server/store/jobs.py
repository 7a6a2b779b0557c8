"""The queue of jobs: one document a job, claimed under a lease on the database's clock.

In `jobs`: `_id`, `kind`, `caller`, `input`, `state`, `created`, `due` (when it may be claimed: at
once, after a pause, or when its worker's lease has run out), `token` (grows with each claim),
`attempts` (claims since the last checkpoint), `checkpoint`, `text`, `percent`, `answer`, `expires`.
See docs/adr/0018-lease-queue.md.
"""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal

from pymongo import ReturnDocument

from fhir_server.store import client, pieces
from fhir_server.store.documents import Document
from fhir_server.store.horizon import Database

State = Literal["queued", "running", "done", "failed", "cancelled"]

LEASE = 30.0
_LIVING = ["queued", "running"]
_IN_ORDER = [("created", 1), ("_id", 1)]


class Jobs:
    """The jobs of one base; raises Unavailable where the database does not answer.

    A worker's call carries the token of its claim, and has no effect once another has claimed
    the job or the caller has cancelled it: it then gives False. Times are in seconds.
    """

    def __init__(self, database: Database) -> None:
        """Nothing is sent yet; `added` is set whenever this process puts a job on the queue."""
        self.added = asyncio.Event()
        self._database = database

    async def put(
        self, id_: str, kind: str, caller: Mapping[str, Any], input_: bytes, body: bytes
    ) -> None:
        """Put a job on the queue under a new id; `caller` has at least an `owner`."""
        with client.reachable():
            now = await self._now()
            head, rows = pieces.split(f"{id_}/body", body)
            put = {"_id": id_, "body": head, "created": now, "due": now}
            job = _job(kind, caller, input_) | put
            if rows:
                await self._put_whole(job, rows)
            else:
                await self._database.jobs.insert_one(job)
        self.added.set()

    async def put_once(
        self, id_: str, kind: str, caller: Mapping[str, Any], input_: bytes, after: float
    ) -> None:
        """Put a job that may be claimed after so many seconds; one that waits or runs stays."""
        with client.reachable():
            now = await self._now()
            await self._database.jobs.delete_one({"_id": id_, "state": {"$nin": _LIVING}})
            job = _job(kind, caller, input_) | {
                "created": now,
                "due": now + timedelta(seconds=after),
            }
            await self._database.jobs.update_one({"_id": id_}, {"$setOnInsert": job}, upsert=True)
        self.added.set()

    async def progress(self, id_: str) -> tuple[str, int | None] | None:
        """Give what the worker of a job that waits or runs noted last: a text and a percentage."""
        with client.reachable():
            living = {"_id": id_, "state": {"$in": _LIVING}}
            row = await self._database.jobs.find_one(living, {"text": 1, "percent": 1})
            return (row["text"], row["percent"]) if row else None

    async def waiting(self, caller: str) -> int:
        """Count the jobs of a caller that have not ended."""
        with client.reachable():
            mine = {"state": {"$in": _LIVING}, "caller.owner": caller}
            return await self._database.jobs.count_documents(mine)

    async def find(self, id_: str, caller: str) -> Document | None:
        """Give a caller's own job; None for one that is not there, or is cancelled."""
        with client.reachable():
            mine = {"_id": id_, "caller.owner": caller, "state": {"$ne": "cancelled"}}
            return await self._database.jobs.find_one(mine, {"body": 0})

    async def cancel(self, id_: str, caller: str) -> bool:
        """End a caller's own job, or forget its answer; its worker hears it when it renews."""
        mine = {"_id": id_, "caller.owner": caller, "state": {"$ne": "cancelled"}}
        with client.reachable():
            end: list[Document] = [
                {"$set": {"state": "cancelled", "expires": "$$NOW"}},
                {"$unset": ["input", "body", "answer", "checkpoint"]},
            ]
            ended = await self._database.jobs.update_one(mine, end)
            await pieces.forget(self._database, id_)
            return ended.matched_count == 1

    async def claim(self, kinds: Collection[str]) -> Document | None:
        """Take the oldest job of these kinds that is due, under a lease; None without one."""
        with client.reachable():
            # A time read a moment before is only more careful about leases that have run out.
            due = {"state": {"$in": _LIVING}, "due": {"$lte": await self._now()}}
            taken = {
                "state": "running",
                "due": _after(LEASE),
                "token": {"$add": ["$token", 1]},
                "attempts": {"$add": ["$attempts", 1]},
            }
            return await self._database.jobs.find_one_and_update(
                due | {"kind": {"$in": list(kinds)}},
                [{"$set": taken}],
                sort=_IN_ORDER,
                return_document=ReturnDocument.AFTER,
            )

    async def renew(self, id_: str, token: int) -> bool:
        """Prolong the lease."""
        return await self._change(id_, token, {"due": _after(LEASE)})

    async def checkpoint(
        self, id_: str, token: int, checkpoint: bytes, text: str, percent: int | None
    ) -> bool:
        """Note how far the job has come, and prolong the lease: a later worker goes on here."""
        noted = {"checkpoint": checkpoint, "text": text, "percent": percent, "attempts": 1}
        return await self._change(id_, token, _literal(noted) | {"due": _after(LEASE)})

    async def release(self, id_: str, token: int, pause: float, attempts: int) -> bool:
        """Give the job back to the queue, to be claimed again after `pause`."""
        given = {"state": "queued", "attempts": attempts, "due": _after(pause)}
        done = await self._change(id_, token, given)
        self.added.set()
        return done

    async def finish(
        self, id_: str, token: int, state: State, *, head: bytes, body: bytes, kept: float
    ) -> bool:
        """End the job with its answer, which is kept for `kept` seconds."""
        with client.reachable():
            expires = await self._now() + timedelta(seconds=kept)
            part, rows = pieces.split(f"{id_}/{token}", body)
            await pieces.insert(self._database, [row | {"expires": expires} for row in rows])
        answer = {"head": head, "body": part}
        ended = {"state": state, "answer": answer, "expires": expires, "percent": 100}
        done = await self._change(id_, token, _literal(ended), "body", "input", "checkpoint")
        with client.reachable():
            await pieces.forget(self._database, f"{id_}/body" if done else f"{id_}/{token}")
        return done

    async def body(self, document: Mapping[str, Any]) -> bytes:
        """Give the bytes that were put with the job."""
        with client.reachable():
            return await pieces.joined(self._database, document["body"])

    async def answer(self, document: Mapping[str, Any]) -> tuple[bytes, bytes]:
        """Give head and body of the answer of a job that has ended."""
        with client.reachable():
            answer = document["answer"]
            return answer["head"], await pieces.joined(self._database, answer["body"])

    async def count(self) -> dict[str, int]:
        """Count the jobs by state."""
        with client.reachable():
            by_state = {"$group": {"_id": "$state", "count": {"$sum": 1}}}
            rows = await self._database.jobs.aggregate([by_state])
            return {row["_id"]: row["count"] async for row in rows}

    async def _put_whole(self, job: Document, rows: Sequence[Document]) -> None:
        async with (
            self._database.client.start_session() as session,
            await session.start_transaction(),
        ):
            await pieces.insert(self._database, rows, session)
            await self._database.jobs.insert_one(job, session=session)

    async def _change(self, id_: str, token: int, values: Document, *gone: str) -> bool:
        held = {"_id": id_, "token": token, "state": "running"}
        change: list[Document] = [{"$set": values}]
        if gone:
            change.append({"$unset": list(gone)})
        with client.reachable():
            return (await self._database.jobs.update_one(held, change)).matched_count == 1

    async def _now(self) -> datetime:
        # `$$NOW` cannot bound an index, this can: the same clock, read a moment before.
        now: datetime = (await self._database.command("hello"))["localTime"]
        return now


def _job(kind: str, caller: Mapping[str, Any], input_: bytes) -> Document:
    return {
        "kind": kind,
        "caller": dict(caller),
        "input": input_,
        "body": {"bytes": b""},
        "state": "queued",
        "token": 0,
        "attempts": 0,
        "checkpoint": b"{}",
        "text": "",
        "percent": None,
    }


def _after(seconds: float) -> Document:
    return {"$add": ["$$NOW", round(seconds * 1000)]}


def _literal(values: Mapping[str, Any]) -> Document:
    return {name: {"$literal": value} for name, value in values.items()}
