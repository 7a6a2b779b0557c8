"""Seals over AuditEvents and checkpoints over seals, as values.

A seal says which events there were, in which order, and is bound to the one before; a checkpoint
says what the last seal was at a time. See docs/adr/0037-audit.md.
"""

import hmac
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Self

import msgspec

from fhir_server.fhir import json
from fhir_server.store.documents import Document

SEALS, CHECKPOINTS = "audit_seals", "audit_checkpoints"
# What waits for its seal: lists of facts that events are to be made of, or of ids and signatures
# of events that are in their place.
WAITING = "audit_waiting"
# Events one list has at most; a seal has as many, and those of the list that fills it.
MOST = 1000
# Bytes after which a list of facts is closed; a document has 16 MB.
FULL = 2_000_000

# An event as it is stored.
Event = Mapping[str, Any]


def waiting(events: Sequence[Event]) -> Iterator[Document]:
    """Yield the lists of stored events, which have their `mac`."""
    for start in range(0, len(events), MOST):
        yield {"events": [[one["_id"], one["mac"]] for one in events[start : start + MOST]]}


def listed(row: Mapping[str, Any]) -> list[tuple[str, bytes]]:
    """Give (id, signature) of the events of a list; of what somebody made of it, what can be."""
    try:
        return [(str(id_), sign if isinstance(sign, bytes) else b"") for id_, sign in row["events"]]
    except (KeyError, TypeError, ValueError):
        return []


@dataclass(frozen=True, slots=True)
class Seal:
    """One seal: its number from 1 on, (id, signature) of its events, the mac of the seal before.

    `total` are the events sealed so far, `mac` is over all of it.
    """

    number: int = 0
    events: Sequence[tuple[str, bytes]] = ()
    previous: bytes = b""
    total: int = 0
    mac: bytes = b""

    def signed(self, key: bytes) -> Self:
        """Give the seal with the mac it has to have."""
        events = [[id_, sign.hex()] for id_, sign in self.events]
        told = json.dump([self.number, events, self.previous.hex(), self.total])
        return replace(self, mac=hmac.digest(key, b"seal\0" + told, "sha256"))

    def document(self) -> dict[str, Any]:
        """Give its document in `audit_seals`."""
        return {
            "_id": self.number,
            "events": [list(one) for one in self.events],
            "previous": self.previous,
            "total": self.total,
            "mac": self.mac,
        }

    @classmethod
    def read(cls, row: Mapping[str, Any]) -> Self:
        """Read a document; ValueError for one that cannot be a seal."""
        try:
            events = tuple((str(id_), bytes(sign)) for id_, sign in row["events"])
            number, total = int(row["_id"]), int(row["total"])
            return cls(number, events, bytes(row["previous"]), total, bytes(row["mac"]))
        except (KeyError, TypeError) as error:
            raise ValueError("This is no seal.") from error


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What the last seal was at a time in µs: its number, its mac, the events so far."""

    seal: int
    total: int
    mac: str
    at: int
    signature: str = ""

    def signed(self, key: bytes) -> Self:
        """Give the checkpoint with the signature it has to have."""
        told = json.dump(asdict(replace(self, signature="")))
        return replace(self, signature=hmac.digest(key, b"checkpoint\0" + told, "sha256").hex())

    def line(self) -> bytes:
        """Give it as a line of a file."""
        return json.dump(asdict(self)) + b"\n"

    @classmethod
    def read(cls, row: Mapping[str, Any]) -> Self:
        """Read a document or a line; ValueError for what cannot be a checkpoint."""
        try:
            return msgspec.convert({**row}, cls)
        except msgspec.ValidationError as error:
            raise ValueError("This is no checkpoint.") from error
