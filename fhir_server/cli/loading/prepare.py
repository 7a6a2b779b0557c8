"""Prepare: the resources of a piece checked, indexed and made the batch that is inserted.

It runs in several processes, each with a context and connections of its own.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from hashlib import sha256
from typing import Any, Self

import msgspec

from fhir_server import main
from fhir_server.cli.offline.pieces import Piece
from fhir_server.fhir.errors import FhirError, Invalid
from fhir_server.fhir.exchange import FhirRequest
from fhir_server.interactions.context import Context
from fhir_server.interactions.write import change, check_id, check_type, received
from fhir_server.search.index import REFERENCES_FIELD
from fhir_server.settings import Settings
from fhir_server.spec.spec import Spec
from fhir_server.store import first_load
from fhir_server.store.documents import Change
from fhir_server.store.first_load import Batch


class _Head(msgspec.Struct):
    """What has to be known of a resource to read the rest."""

    resource_type: str = msgspec.field(name="resourceType")
    id: str = ""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A piece made ready: `count` resources. `refused` are items, such as `file:7`, and why.

    `wanted` are the references to what is not in it, as `Type/id`, each with an item that has it.
    """

    size: int
    count: int
    batch: Batch
    refused: Sequence[tuple[str, str]]
    wanted: Mapping[str, str]


@dataclass(slots=True)
class _Found:
    changes: list[Change] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)
    wanted: dict[str, str] = field(default_factory=dict)


class Preparing:
    """Makes pieces ready, by the settings and definitions of a server here."""

    def __init__(self, settings: Settings) -> None:
        """Nothing is opened before the first piece."""
        self._settings = settings

    def __reduce__(self) -> tuple[type[Self], tuple[Settings]]:
        """Give what a process that is no copy of this one makes it of."""
        return type(self), (self._settings,)

    @cached_property
    def spec(self) -> Spec:
        """The definitions; a copy of this process has those that were read before."""
        return main.definitions(main.plugins(self._settings), self._settings.packages)

    @cached_property
    def _opened(self) -> tuple[asyncio.AbstractEventLoop, Context]:
        # It lasts as long as the process.
        loop = asyncio.new_event_loop()
        store = loop.run_until_complete(main.health_store(self._settings).__aenter__())
        return loop, main.health_context(self._settings, self.spec, store)

    def open(self) -> None:
        """Open what this process needs."""
        assert self._opened

    def of(self, given: tuple[Piece, int]) -> Prepared:
        """Make a piece ready under its stamp; never raises for what is in a file."""
        piece, ts = given
        loop, _ = self._opened
        return loop.run_until_complete(self._piece(piece, ts))

    async def _piece(self, piece: Piece, ts: int) -> Prepared:
        found = _Found()
        if piece.unread:
            found.refused.append((str(piece.file), piece.unread))
        for number, body in piece.lines or ():
            await self._one(f"{piece.file}:{number}", body, found)
        if piece.lines is None and not piece.unread:
            await self._file(piece, found)
        here = {f"{one.type}/{one.id}" for one in found.changes}
        wanted = {target: item for target, item in found.wanted.items() if target not in here}
        allow = partial(self._opened[1].allow, "update")
        batch = first_load.batch(allow, found.changes, ts)
        return Prepared(piece.size, len(found.changes), batch, found.refused, wanted)

    async def _file(self, piece: Piece, found: _Found) -> None:
        if piece.file.suffix.lower() == ".json":
            try:
                await self._one(str(piece.file), piece.file.read_bytes(), found)
            except OSError as error:
                found.refused.append((str(piece.file), f"cannot be read: {error.strerror}"))
        else:
            told = "a first load takes resources as .ndjson or .json; send this to the server"
            found.refused.append((str(piece.file), told))

    async def _one(self, item: str, body: bytes, found: _Found) -> None:
        try:
            change = await self._change(item, body)
        except FhirError as error:
            found.refused.append((item, reasons(error)))
            return
        found.changes.append(change)
        if change.integrity:
            targets = change.fields.get(REFERENCES_FIELD, ())
            found.wanted |= {one: item for one in targets if one not in found.wanted}

    async def _change(self, item: str, body: bytes) -> Change:
        _, context = self._opened
        if len(body) > self._settings.max_body_bytes:
            raise Invalid("It is larger than FHIR_MAX_BODY_BYTES.", code="too-long")
        head = _head(body)
        type_ = head.resource_type
        check_type(context, type_)
        first_load.check(type_)
        if type_ == "Bundle" and _sent(body):
            raise Invalid(
                "A first load takes resources; send a batch or transaction to the server."
            )
        resource, _ = await received(context, type_, FhirRequest("PUT", type_, body=body))
        # Whoever loads again gives what has no id the same one again.
        id_ = head.id or sha256(item.encode() + b"\0" + body).hexdigest()[:32]
        check_id(id_)
        return change(context, type_, id_, {**resource, "id": id_}, method="update")


def _head(body: bytes) -> _Head:
    try:
        return msgspec.json.decode(body, type=_Head)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Invalid("This is no resource in JSON.") from None


def _sent(body: bytes) -> bool:
    kind: Any = msgspec.json.decode(body).get("type")
    return kind in ("batch", "transaction")


def reasons(error: FhirError) -> str:
    """Give the messages of an error in one line, each with its place."""
    return "; ".join(
        f"{one.expression}: {one.diagnostics}" if one.expression else one.diagnostics
        for one in error.issues
    )
