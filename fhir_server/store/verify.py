"""Looks for what was done to the audit behind the server's back: edits, gaps, additions, swaps.

Everything in the database may have been changed by somebody without the key; what is read here is
taken apart carefully, and the key says what is true.
"""

import hmac
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from fhir_server.fhir import json
from fhir_server.fhir.audit_event import TYPE
from fhir_server.fhir.dates import parse_instant
from fhir_server.fhir.errors import FhirError
from fhir_server.store.client import reachable
from fhir_server.store.documents import portions
from fhir_server.store.horizon import Database
from fhir_server.store.seals import CHECKPOINTS, SEALS, WAITING, Checkpoint, Seal
from fhir_server.store.signing import Signer

# By these an event is found: by whom it is about, who did it, when, and what it was.
FOUND_BY = (
    *("_patient", "patient", "agent", "agent:identifier", "policy", "entity", "date"),
    *("action", "outcome", "type", "subtype"),
)
_UNSEALED = "not sealed yet"
Fields = Callable[[dict[str, Any]], Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Fault:
    """Where something is wrong, such as `seal 7` or `AuditEvent/1`, and what."""

    place: str
    told: str


class Verifier:
    """Reads the audit of one base once. Raises Unavailable where the database does not answer.

    `fields` gives the index fields an event has to have.
    """

    def __init__(self, database: Database, signer: Signer, fields: Fields) -> None:
        """Nothing is sent yet; `sealed` and `waiting` count events that are well."""
        self._signer = signer
        self.sealed = 0
        self.waiting = 0
        self._database = database
        self._fields = fields
        # Without their events; all those that are in one of them.
        self._seals: dict[int, Seal] = {}
        self._ids: set[str] = set()
        self._last = Seal()

    async def size(self) -> int:
        """Count the events there are, to show how far it is."""
        with reachable():
            return await self._database[TYPE].count_documents({})

    async def faults(
        self, checkpoints: Iterable[Mapping[str, Any]], progress: Callable[[int], None]
    ) -> AsyncIterator[Fault]:
        """Yield every fault; `checkpoints` are those kept elsewhere, `progress` gets steps."""
        with reachable():
            async for fault in self._chain(progress):
                yield fault
            async for fault in self._strays(progress):
                yield fault
            kept = await self._database[CHECKPOINTS].find({}, {"_id": 0}).to_list()
        for row in (*kept, *checkpoints):
            for fault in self._checkpoint(row):
                yield fault

    async def _chain(self, progress: Callable[[int], None]) -> AsyncIterator[Fault]:
        unread = {"_id": {"$gt": self._last.number}} if self._seals else {}
        async for row in self._database[SEALS].find(unread, sort=[("_id", 1)]):
            try:
                seal = Seal.read(row)
            except ValueError:
                yield Fault(f"seal {row['_id']}", "cannot be read")
                continue
            for fault in self._linked(self._last, seal):
                yield fault
            self._seals[seal.number] = self._last = replace(seal, events=())
            self._ids.update(id_ for id_, _ in seal.events)
            faults = await self._faulty(seal.events, f"seal {seal.number}")
            self.sealed += len(seal.events) - len(faults)
            for fault in faults:
                yield fault
            progress(len(seal.events))

    def _linked(self, last: Seal, seal: Seal) -> Iterator[Fault]:
        place = f"seal {seal.number}"
        if seal.number != last.number + 1:
            yield Fault(place, f"seals between {last.number} and {seal.number} are gone")
        if seal.previous != last.mac or seal.total != last.total + len(seal.events):
            yield Fault(place, "does not follow the seal before it")
        if not hmac.compare_digest(seal.mac, seal.signed(self._signer.key).mac):
            yield Fault(place, "was changed: its mac is not the key's")

    async def _faulty(self, events: Sequence[tuple[str, bytes]], where: str) -> list[Fault]:
        """Give what is wrong with events that are listed somewhere with their signatures."""
        found = []
        for some in portions(events):
            asked = {"_id": {"$in": [id_ for id_, _ in some]}}
            rows = {row["_id"]: row async for row in self._database[TYPE].find(asked)}
            for id_, sign in some:
                told = self._event(rows[id_], sign) if id_ in rows else "is gone"
                if told:
                    found.append(_fault(id_, told, where))
        return found

    def _event(self, row: Mapping[str, Any], sign: bytes) -> str | None:
        """Say what is wrong with an event, None where all is well."""
        body = self._signer.body(row)
        if body is None or row["mac"] != sign:
            return "was changed, or not made by this server"
        event = json.parse_object(body)
        try:
            at = parse_instant(event["meta"]["lastUpdated"])
        except (FhirError, KeyError, TypeError):
            return "has no time"
        if row["_id"] != event.get("id"):
            return "is a copy of another"
        kept, due = row.get("x", {}), self._fields(event)
        due = self._signer.veil.fields(due) if self._signer.veil else due
        same = isinstance(kept, dict) and all(kept.get(one) == due.get(one) for one in FOUND_BY)
        if not same or row.get("ts") != at:
            return "cannot be found as it should be: its index fields were changed"
        return None

    async def _strays(self, progress: Callable[[int], None]) -> AsyncIterator[Fault]:
        """Yield the events that are in no seal and are not waiting for one."""
        every = self._database[TYPE].find({}, {"_id": 1})
        found = [row["_id"] async for row in every if not self._known(row["_id"])]
        # Read in this order: what was there and waits no more is sealed.
        rows = await self._database[WAITING].find().to_list()
        lists = [self._signer.read(row) for row in rows]
        if found:
            async for fault in self._chain(progress):
                yield fault
        named = (event for one in lists for event in one.events)
        placed = [(id_, sign) for id_, sign in named if id_ not in self._ids]
        waiting = {fact.id for one in lists for fact in one.facts if fact.id not in self._ids}
        faults = await self._faulty(placed, _UNSEALED)
        waiting.update(id_ for id_, _ in placed)
        self.waiting += len(waiting) - len(faults)
        for fault in faults:
            yield fault
        progress(len(waiting))
        for id_ in found:
            if not (self._known(id_) or (isinstance(id_, str) and id_ in waiting)):
                yield Fault(f"{TYPE}/{id_}", "was added: it is in no seal there is")

    def _known(self, id_: Any) -> bool:
        return isinstance(id_, str) and id_ in self._ids

    def _checkpoint(self, row: Mapping[str, Any]) -> Iterator[Fault]:
        try:
            told = Checkpoint.read({name: row[name] for name in row if name != "_id"})
        except ValueError:
            yield Fault("checkpoint", "cannot be read")
            return
        if not hmac.compare_digest(told.signature, told.signed(self._signer.key).signature):
            yield Fault(f"checkpoint {told.seal}", "was changed, or made with another key")
            return
        seal = self._seals.get(told.seal)
        if seal is None:
            yield Fault(f"seal {told.seal}", "is gone: a checkpoint knows it")
        elif (seal.mac.hex(), seal.total) != (told.mac, told.total):
            yield Fault(f"seal {told.seal}", "is another than the checkpoint knows")


def _fault(id_: str, told: str, where: str) -> Fault:
    return Fault(f"{TYPE}/{id_}", f"{told} ({where})")


def lines(text: bytes) -> Sequence[Mapping[str, Any]]:
    """Read a file of checkpoints; a line that is no JSON object is given empty."""
    found: list[Mapping[str, Any]] = []
    for line in text.splitlines():
        try:
            found.append(json.parse_object(line))
        except FhirError:
            found.append({})
    return found
