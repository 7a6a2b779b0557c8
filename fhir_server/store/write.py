"""The writes of one transaction: what the changes make of what stands there.

Everything is written in one order, by type and id, so that transactions meet in the same order.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby, pairwise
from operator import attrgetter
from typing import Any

from bson.int64 import Int64
from msgspec import structs
from pymongo import DeleteOne, InsertOne, ReplaceOne
from pymongo.asynchronous.client_session import AsyncClientSession

from fhir_server.fhir.audit_event import TYPE
from fhir_server.fhir.errors import (
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    PreconditionFailed,
)
from fhir_server.search.condition import Condition, Everything
from fhir_server.search.match import matches
from fhir_server.store import chunks, owner, purge
from fhir_server.store.audit import Audit
from fhir_server.store.documents import (
    Change,
    Document,
    Stored,
    check_key,
    portions,
    stamped,
    stored,
)
from fhir_server.store.filters import checked
from fhir_server.store.horizon import Database
from fhir_server.store.seals import WAITING, waiting
from fhir_server.store.steps import RESULT, Allow
from fhir_server.store.veil import Veil

Before = Mapping[tuple[str, str], Document]

_KEY = attrgetter("type", "id")


@dataclass(slots=True)
class Writes:
    """The documents one type's changes ask for; `signed` are AuditEvents among them."""

    live: list[InsertOne[Document] | ReplaceOne[Document] | DeleteOne] = field(default_factory=list)
    past: list[Document] = field(default_factory=list)
    pieces: list[Document] = field(default_factory=list)
    gone: list[InsertOne[Document] | DeleteOne] = field(default_factory=list)
    signed: list[Document] = field(default_factory=list)
    erased: list[tuple[Change, Document]] = field(default_factory=list)


def decided(allow: Allow | None, type_: str, step: str) -> Condition:
    """Give the access decision for one type at a step; TypeError where there is none."""
    return checked(allow(type_, step) if callable(allow) else allow)


def in_order(changes: Iterable[Change]) -> list[Change]:
    """Sort by type and id; Invalid for a resource that is changed twice."""
    ordered = sorted(changes, key=_KEY)
    for one, other in pairwise(ordered):
        if _KEY(one) == _KEY(other):
            raise Invalid(f"{one.type}/{one.id} is changed twice in one transaction.")
    for change in ordered:
        check_key(change.type, change.id)
    return ordered


async def before(
    database: Database, session: AsyncClientSession, changes: Sequence[Change], *, careful: bool
) -> Before:
    """Give what stands where the changes will write: live documents, else tombstones.

    Ids this server made are not looked for, unless `careful`: an insert tells. Of what nobody has
    heard of only a tombstone is.
    """
    found: dict[tuple[str, str], Document] = {}
    missed: list[str] = []
    for type_, group in groupby(changes, key=attrgetter("type")):
        looked = [one for one in group if careful or not one.must_not_exist]
        for some in portions([one.id for one in looked if careful or not one.unheard]):
            rows = database[type_].find({"_id": {"$in": some}}, session=session)
            found |= {(type_, row["_id"]): row for row in await rows.to_list()}
        missed += [_name(type_, one.id) for one in looked if (type_, one.id) not in found]
    for some in portions(missed):
        gone = database.tombstones.find({"_id": {"$in": some}}, session=session)
        found |= {(row["type"], row["id"]): row for row in await gone.to_list()}
    return found


def judge(allow: Allow, changes: Iterable[Change], before: Before) -> None:
    """Raise for the first change that its precondition or the access decision does not let pass.

    What is out of reach is told of as what never was.
    """
    for change in changes:
        old = before.get(_KEY(change))
        live = old if old is not None and "deleted" not in old else None
        name, place = f"{change.type}/{change.id}", change.place
        if live and not may(allow, change.type, live, change.method):
            live = None
            hidden = change.method != "delete"
        else:
            hidden = change.must_exist and live is None
        if hidden:
            raise NotFound(f"There is no {name}.", expression=place)
        if change.must_not_exist and old is not None:
            raise Conflict(f"{name} exists already.", expression=place)
        if change.expected is not None and not (live and live["v"] == change.expected):
            told = f"{name} is not at version {change.expected}."
            raise PreconditionFailed(told, expression=place)
        if change.method in purge.METHODS and not reaches(allow, change, old):
            raise NotFound(f"There is no {name}.", expression=place)


def reaches(allow: Allow, change: Change, old: Document | None) -> bool:
    """Say whether there is something the change writes over, and the caller may do that to it."""
    return old is not None and may(allow, change.type, old, change.method)


def may(allow: Allow, type_: str, document: Document, step: str) -> bool:
    """Say whether the access decision lets the caller reach this live document or tombstone."""
    decision = decided(allow, type_, step)
    if isinstance(decision, Everything):
        return True
    return matches(decision, _plain({**document, "_id": document.get("id", document["_id"])}))


def _plain(value: Any) -> Any:
    """Turn the driver's long integers, a class of their own, into plain ones."""
    match value:
        case dict():
            return {name: _plain(inner) for name, inner in value.items()}
        case list():
            return [_plain(inner) for inner in value]
        case Int64():
            return int(value)
        case _:
            return value


def documents(
    allow: Allow,
    changes: Iterable[Change],
    before: Before,
    ts: int,
    *,
    audit: Audit | None = None,
    veil: Veil | None = None,
) -> tuple[dict[str, Writes], list[Stored]]:
    """Give what to write, by type, and the versions that then stand, their bodies open.

    `audit` signs its events, `veil` hides what is kept.

    A delete of what is deleted, or never was, writes nothing. Forbidden for a new state out of the
    caller's reach.
    """
    writes: dict[str, Writes] = {}
    made: list[Stored] = []
    for change in changes:
        old = before.get(_KEY(change))
        if old is not None and change.method in purge.METHODS:
            made.append(_erase(change, old, ts, writes))
            continue
        if change.method == "delete" and not reaches(allow, change, old):
            made.append(Stored(change.type, change.id, 0, ts, None, deleted=True, changed=False))
            continue
        if old is not None and _as_wanted(change, old, veil):
            stands = stored(change.type, old)
            stands = veil.opened(stands) if veil else stands
            made.append(structs.replace(stands, changed=False, created=False))
            continue
        into = writes.setdefault(change.type, Writes())
        if change.method == "delete":
            made.append(_delete(change, old or {}, ts, into))
            continue
        new = _put(change, old, ts, into, audit=audit, veil=veil)
        if not may(allow, change.type, new, f"{change.method}{RESULT}"):
            told = f"{change.type}/{change.id} would be outside what this caller may do."
            raise Forbidden(told, expression=change.place)
        made.append(stored(change.type, new))
    return writes, made


def _as_wanted(change: Change, old: Document, veil: Veil | None) -> bool:
    """Say whether there is nothing to do: a deletion of what is gone, an identical update."""
    if change.method == "delete":
        return "deleted" in old
    if "body" not in old:
        return False
    kept = veil.opened(stored(change.type, old)).body if veil else old["body"]
    return stamped(change, old["v"], old["ts"]) == kept


def _put(
    change: Change,
    old: Document | None,
    ts: int,
    into: Writes,
    *,
    audit: Audit | None,
    veil: Veil | None,
) -> Document:
    version = old["v"] + 1 if old else 1
    body = stamped(change, version, ts)
    kept, fields = veil.put(change, version, body) if veil else (body, change.fields)
    content, pieces = chunks.split(change.type, change.id, version, kept)
    head = {"_id": change.id, "v": version, "ts": ts, "method": change.method}
    if old is not None and "deleted" in old:
        head["created"] = True
    head |= owner.noted(change, old)
    new = head | content | {"f": change.index_format, "x": fields}
    if audit and change.type == TYPE:
        new |= audit.signer.marks(body)
        into.signed.append(new)
    into.pieces += pieces
    if old is None:
        into.live.append(InsertOne(new))
    elif "deleted" in old:
        into.live.append(InsertOne(new))
        into.gone.append(DeleteOne({"_id": old["_id"]}))
    else:
        into.live.append(ReplaceOne({"_id": change.id, "v": old["v"]}, new))
        into.past.append(_superseded(old, ts))
    return new | {"body": body}


def _delete(change: Change, old: Document, ts: int, into: Writes) -> Stored:
    version = old["v"] + 1
    tombstone = {
        "_id": f"{change.id}/{version}",
        "id": change.id,
        "v": version,
        "ts": ts,
        "deleted": True,
        "method": "delete",
        **owner.noted(change, old),
        "x": old["x"],
    }
    into.live.append(DeleteOne({"_id": change.id, "v": old["v"]}))
    into.past += [_superseded(old, ts), tombstone]
    into.gone.append(
        InsertOne({**tombstone, "_id": _name(change.type, change.id), "type": change.type})
    )
    return stored(change.type, tombstone)


def _erase(change: Change, old: Document, ts: int, writes: dict[str, Writes]) -> Stored:
    into = writes.setdefault(change.type, Writes())
    into.erased.append((change, old))
    return purge.told(change, old, ts)


def _name(type_: str, id_: str) -> str:
    return f"{type_}/{id_}"


def _superseded(old: Document, ts: int) -> Document:
    return old | {"_id": f"{old['_id']}/{old['v']}", "id": old["_id"], "end": ts}


def join(into: dict[str, Writes], more: Mapping[str, Writes]) -> None:
    """Add what other changes ask for."""
    for type_, writes in more.items():
        there = into.setdefault(type_, Writes())
        there.live += writes.live
        there.past += writes.past
        there.pieces += writes.pieces
        there.gone += writes.gone
        there.signed += writes.signed
        there.erased += writes.erased


async def send(
    database: Database, session: AsyncClientSession, writes: Mapping[str, Writes]
) -> None:
    """Write it all in the session's transaction, a call for each collection."""
    pieces = [piece for write in writes.values() for piece in write.pieces]
    for piece in pieces:
        await database.chunks.insert_one(piece, session=session)
    for type_, write in writes.items():
        if write.past:
            await database[f"{type_}_history"].insert_many(write.past, session=session)
        if write.live:
            await database[type_].bulk_write(write.live, session=session)
        if write.erased:
            await purge.send(database, session, type_, write.erased)
        if write.signed:
            await database[WAITING].insert_many(waiting(write.signed), session=session)
    gone = [one for write in writes.values() for one in write.gone]
    if gone:
        await database.tombstones.bulk_write(gone, session=session)
