"""The outbox: each move of a dossier is told to the client that sent it, at least once.

The rows are copied from the store's own order of commits, so that no move is missed and a move that
was rolled back is never told. A row's id is the version of the Task: the receiver's key too.
"""

import asyncio
from collections.abc import Mapping, Sequence

from extensions.judicial_record.dossier import caller, task
from extensions.judicial_record.dossier.desk import Desk
from extensions.judicial_record.reaching import OFFICE
from fhir_server.fhir import dates, json
from fhir_server.interactions.context import Context
from fhir_server.outbound.client import NotFetched
from fhir_server.store.records import Record, Records

OUTBOX, CURSOR = "outbox", "outbox_cursor"
KINDS: Mapping[str, Sequence[str]] = {OUTBOX: ("client", "waiting", "dead"), CURSOR: ()}
PAGE = 200
# A client that took nothing of so many dossiers is left alone until the next turn.
FAILURES = 3
# The pauses between tries, in µs; after the last one a row waits for a person.
PAUSES = tuple(one * dates.MINUTE for one in (1, 5, 30, 120, 720, 1440))
# https://www.rfc-editor.org/rfc/rfc9110#section-15.3
_TAKEN = range(200, 300)


async def collect(desk: Desk, context: Context) -> int:
    """Copy the moves that were committed since the last time into the outbox; give how many.

    What ended halfway is copied again, under the same ids.
    """
    records = desk.office.records
    row = await asyncio.to_thread(records.get, CURSOR, CURSOR)
    if row is None:
        await asyncio.to_thread(records.insert, CURSOR, {"_id": CURSOR, "ts": 0})
    after, copied = int(row["ts"]) if row else 0, 0
    commits, _ = await context.store.follow(after, PAGE)
    for commit in commits:
        for type_, id_, version, _method in commit.changes:
            if type_ == "Task":
                copied += await _copied(desk, context, id_, version)
    if commits:
        last = {"ts": commits[-1].ts}
        await asyncio.to_thread(records.change, CURSOR, {"_id": CURSOR}, last)
    return copied


async def _copied(desk: Desk, context: Context, id_: str, version: int) -> bool:
    stored = await context.store.vread(OFFICE, "Task", id_, version)
    told = json.parse_object(stored.body) if stored and stored.body else {}
    client = caller.client(told)
    if not stored or not task.is_dossier(told) or client not in desk.office.subscribers:
        return False
    row = {
        "_id": f"{id_}/{version}",
        "client": client,
        "state": task.state_of(told, None),
        "at": stored.ts,
        "waiting": True,
        "tries": 0,
        "next": min(stored.ts, desk.office.clock()),
    }
    return await asyncio.to_thread(desk.office.records.insert, OUTBOX, row)


async def push(desk: Desk) -> int:
    """Tell the clients what waits and is due, what is due longest first; give how many were told.

    A client answers 2xx for what it took. It is told which dossier is in which state, and nothing
    of a person: it reads the Task itself, with a token of its own.
    """
    now, done = desk.office.clock(), 0
    for client in sorted(desk.office.subscribers):
        where, failed = {"client": client, "waiting": True}, set[str]()
        due = desk.office.records.due
        for row in await asyncio.to_thread(due, OUTBOX, where, "next", now, PAGE):
            dossier = row["_id"].rpartition("/")[0]
            # What a client does not take of one dossier keeps nobody else's waiting.
            if dossier in failed:
                continue
            if await _pushed(desk, row, now):
                done += 1
                continue
            failed.add(dossier)
            if len(failed) >= FAILURES:
                break
    return done


def dead(records: Records) -> int:
    """Say how many entries are no longer told by themselves: they wait for a person."""
    return records.total(OUTBOX, {"dead": True})


async def _pushed(desk: Desk, row: Record, now: int) -> bool:
    taken = await _told(desk, row)
    tries = int(row["tries"]) + 1
    dead = not taken and tries > len(PAUSES)
    to: Record = {"waiting": not taken and not dead, "tries": tries, "taken": taken, "dead": dead}
    if to["waiting"]:
        to["next"] = now + PAUSES[tries - 1]
    await asyncio.to_thread(desk.office.records.change, OUTBOX, {"_id": row["_id"]}, to)
    return taken


async def _told(desk: Desk, row: Record) -> bool:
    identity, _, version = row["_id"].rpartition("/")
    form = [
        ("task", f"Task/{identity}"),
        ("version", version),
        ("state", row["state"]),
        ("at", dates.instant(row["at"])),
    ]
    url, key = desk.office.subscribers[row["client"]], {"Idempotency-Key": row["_id"]}
    try:
        answer = await desk.outbound.fetch(url, form=form, headers=key)
    except NotFetched:
        return False
    return answer.status in _TAKEN
