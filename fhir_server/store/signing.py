"""How a base writes its audit down: lists of facts that are signed, AuditEvents that are.

A fact is a tenth of the event that is made of it, when the event is put in its place: see
docs/adr/0058-facts-wait-events-are-made-in-their-place.md.
"""

import hmac
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import msgspec
from bson import ObjectId

from fhir_server.fhir.audit_event import TYPE, Fact
from fhir_server.fhir.errors import Unavailable, Unreadable
from fhir_server.store.documents import Document
from fhir_server.store.seals import FULL, MOST, WAITING, listed
from fhir_server.store.veil import Veil

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Fact)
# What is signed: neither passes for the other.
_EVENT, _LIST = b"event\0", b"facts\0"


class Waiting(NamedTuple):
    """One list: the facts it has, or (id, signature) of events that are in their place."""

    id: Any
    facts: Sequence[Fact] = ()
    events: Sequence[tuple[str, bytes]] = ()


def _signed(key: bytes, kind: bytes, told: bytes) -> bytes:
    """Give what shows that a holder of the key made this, and that it is as it was made."""
    made = _begun(key, kind).copy()
    made.update(told)
    return made.digest()


@lru_cache(maxsize=8)
def _begun(key: bytes, kind: bytes) -> hmac.HMAC:
    """Give what every signature of a kind begins with: half of what each costs."""
    return hmac.new(key, kind, "sha256")


@dataclass(frozen=True, slots=True)
class Signer:
    """Signs for one base: `make` gives the event of a fact, `veil` hides what is kept."""

    key: bytes
    make: Callable[[Fact], Document]
    veil: Veil | None = None

    def marks(self, body: bytes) -> Document:
        """Give what stands beside an AuditEvent of this body: its signature."""
        return {"mac": _signed(self.key, _EVENT, body)}

    def event(self, fact: Fact) -> Document:
        """Give the event of a fact as it is stored."""
        made = self.make(fact)
        made |= self.marks(made["body"])
        return self.veil.document(TYPE, made) if self.veil else made

    def body(self, row: Mapping[str, Any]) -> bytes | None:
        """Give the body of a stored event; None where it was changed, or is of somebody else."""
        return self._opened(row, "body", TYPE, _EVENT)

    def _opened(self, row: Mapping[str, Any], name: str, place: str, kind: bytes) -> bytes | None:
        told, sign = row.get(name), row.get("mac")
        if not (isinstance(told, bytes) and isinstance(sign, bytes)):
            return None
        try:
            if self.veil:
                told = self.veil.open(place, str(row["_id"]), 1, told)
        except Unreadable:
            return None
        return told if hmac.compare_digest(sign, _signed(self.key, kind, told)) else None

    def lists(self, facts: Iterable[Fact]) -> Iterator[Document]:
        """Yield the lists in which facts wait, each with an `_id`."""
        lines: list[bytes] = []
        size = 0
        for fact in facts:
            lines.append(_encoder.encode(fact))
            size += len(lines[-1])
            if len(lines) == MOST or size >= FULL:
                yield self._list(b"\n".join(lines))
                lines, size = [], 0
        if lines:
            yield self._list(b"\n".join(lines))

    def _list(self, told: bytes) -> Document:
        id_, sign = ObjectId(), _signed(self.key, _LIST, told)
        if self.veil:
            told = self.veil.shut(WAITING, str(id_), 1, told, "")
        return {"_id": id_, "facts": told, "mac": sign}

    def read(self, row: Mapping[str, Any]) -> Waiting:
        """Read a list; what somebody made of it is told as an event that will not be found.

        Raises Unavailable for one that another version of this server wrote.
        """
        id_ = row["_id"]
        if "facts" not in row:
            return Waiting(id_, events=listed(row))
        told = self._opened(row, "facts", WAITING, _LIST)
        if told is None:
            return Waiting(id_, events=[(f"list-{id_}", b"")])
        try:
            return Waiting(id_, _decoder.decode_lines(told))
        except msgspec.DecodeError as error:
            raise Unavailable("What waits was written by another version.") from error
