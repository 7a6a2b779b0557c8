"""The append-only log of what was issued and revoked: events wait a minute, then join the tree.

Any number of processes append and seal. An event waits under its natural id; `seal` writes the next
batch, whose order is chance, under the next number, and who came second works on the first one's
batch. All that follows from a batch is the same whoever writes it, and may be written again.
https://www.rfc-editor.org/rfc/rfc9162
"""

import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from extensions.judicial_record.proof import jws, keys, log_proof, merkle
from fhir_server.fhir.dates import SECOND
from fhir_server.fhir.errors import Conflict, Invalid, NotFound
from fhir_server.fhir.json import dump
from fhir_server.store.records import Record, Records

KINDS: Mapping[str, Sequence[str]] = {
    "log_events": ("batch",),
    "log_batches": (),
    "log_nodes": (),
    "log_tree": (),
}
MOST = 1000
# Leaves are asked for by anybody, in one question.
LEAVES = 256
_MINUTE = 60
_TREE = "tree"
_SALT = 32
# The batch of events that wait; batches count from 1.
_WAITING = 0


def natural(event: Mapping[str, Any]) -> str:
    """Give the natural id of an event: its kind, and the digest of what was signed."""
    return f"{event['kind']}/{event['certificate']}"


def append(records: Records, id_: str, event: Mapping[str, Any]) -> None:
    """Let an event wait for the tree; the same again changes nothing.

    `id_` is its natural id, and is told to nobody. Raises Conflict where another event has it.
    """
    salt = secrets.token_bytes(_SALT)
    new = {"event": dict(event), "salt": salt, "entry": log_proof.entry(salt, event)}
    if records.insert("log_events", {"_id": id_, "batch": _WAITING, "index": -1, **new}):
        return
    row = records.get("log_events", id_)
    if row is None or row["event"] != event:
        raise Conflict("The log has another event of this id.")


def seal(records: Records) -> int:
    """Put into the tree what waits; give how many leaves it has then. Call it every minute."""
    while True:
        tree = _tree(records)
        number = tree["batch"] + 1
        batch = records.get("log_batches", str(number)) or _batch(records, number)
        if batch is None:
            return int(tree["size"])
        _grow(records, tree, batch["events"])


def head(ring: keys.KeyRing) -> str:
    """Give the signed head of the tree as of this minute, a JWT."""
    size = int(_tree(ring.records)["size"])
    minute = ring.clock() // SECOND // _MINUTE * _MINUTE
    root = merkle.root(size, _reading(ring.records))
    claims = {"iat": minute, "size": size, "root": jws.encoded(root)}
    return jws.sign(keys.active(ring, log_proof.LOG, minute * SECOND), log_proof.TYP, dump(claims))


def inclusion(ring: keys.KeyRing, id_: str) -> dict[str, Any]:
    """Give the proof that an event is in the log, with the salt: for the holder and auditors.

    Raises NotFound, or Conflict (transient) while the event waits.
    """
    row = ring.records.get("log_events", id_)
    if row is None:
        raise NotFound("The log has no such event.")
    size, index = int(_tree(ring.records)["size"]), int(row["index"])
    if not 0 <= index < size:
        raise Conflict("The event joins the log within a minute; ask again.", code="transient")
    path = merkle.inclusion(index, size, _reading(ring.records))
    return {
        "head": head(ring),
        "event": row["event"],
        "salt": jws.encoded(row["salt"]),
        "index": index,
        "path": [jws.encoded(one) for one in path],
    }


def consistency(records: Records, first: int, second: int) -> list[str]:
    """Give the proof that the log of `second` leaves begins with that of `first`."""
    _within(records, first, second)
    path = merkle.consistency(first, second, _reading(records)) if first else []
    return [jws.encoded(one) for one in path]


def leaves(records: Records, start: int, end: int) -> list[str]:
    """Give the leaf hashes from `start` to before `end`, at most `LEAVES`."""
    _within(records, start, end)
    ids = [f"0/{index}" for index in range(start, min(end, start + LEAVES))]
    rows = records.several("log_nodes", ids)
    return [jws.encoded(rows[one]["hash"]) for one in ids]


def _within(records: Records, first: int, second: int) -> None:
    if not 0 <= first <= second <= _tree(records)["size"]:
        raise Invalid("The log has no such range of leaves.", code="value")


def _tree(records: Records) -> Record:
    tree = records.get("log_tree", _TREE)
    if tree is None:
        records.insert("log_tree", {"_id": _TREE, "batch": 0, "size": 0})
        tree = records.get("log_tree", _TREE)
        assert tree is not None, "the tree is never removed"
    return tree


def _batch(records: Records, number: int) -> Record | None:
    """Write the next batch of what waits; of several who do, all get the first one's."""
    events = [row["_id"] for row in records.find("log_events", {"batch": _WAITING}, MOST)]
    if not events:
        return None
    secrets.SystemRandom().shuffle(events)
    records.insert("log_batches", {"_id": str(number), "events": events})
    return records.get("log_batches", str(number))


def _grow(records: Records, tree: Record, events: Sequence[str]) -> None:
    size, read = int(tree["size"]), _reading(records)
    for index, id_ in enumerate(events, size):
        row = records.get("log_events", id_)
        assert row is not None, "an event is never removed"
        for (level, place), made in merkle.grown(index, merkle.leaf_hash(row["entry"]), read):
            records.insert("log_nodes", {"_id": f"{level}/{place}", "hash": made})
        joined = {"batch": tree["batch"] + 1, "index": index}
        records.change("log_events", {"_id": id_, "batch": _WAITING}, joined)
    to = {"batch": tree["batch"] + 1, "size": size + len(events)}
    records.change("log_tree", {"_id": _TREE, "batch": tree["batch"]}, to)


def _reading(records: Records) -> merkle.Read:
    known: dict[merkle.Node, bytes] = {}

    def read(node: merkle.Node) -> bytes:
        if node not in known:
            row = records.get("log_nodes", f"{node[0]}/{node[1]}")
            assert row is not None, "a node of the tree is written before its size"
            known[node] = row["hash"]
        return known[node]

    return read
