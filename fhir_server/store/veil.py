"""What the database of a veiled base never shows: bodies are sealed, texts of the index blinded.

The body of a version is sealed for its place, `Type/id/version`, with the key of the subject that
stands in front of it. Every text among the index fields is a keyed hash of its path and itself; so
what is equal is found, and nothing else. Numbers stay, and so do `PLAIN` fields: ids of resources
here, as `_id` has them too, and codes and tags, which the store itself reads back.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from msgspec import structs

from fhir_server.fhir.errors import Unprocessable
from fhir_server.search.condition import (
    And,
    AnyOf,
    Between,
    Condition,
    Contains,
    Element,
    Everything,
    Not,
    Nothing,
    Or,
    Present,
    Within,
)
from fhir_server.search.index import (
    CARE_FIELD,
    CONSENT_FIELD,
    LABELS_FIELD,
    PATIENT_FIELD,
    REFERENCES_FIELD,
)
from fhir_server.store.documents import Change, Document, Stored
from fhir_server.store.encryption import Encryption

PLAIN = frozenset(
    {PATIENT_FIELD, REFERENCES_FIELD, LABELS_FIELD, CARE_FIELD, CONSENT_FIELD, "_security", "_tag"}
)

# The store reads it back by itself to know what to index.
_DEFINES = "SearchParameter"

# (type, id, resource) → whose data key seals it; "" is the base's own.
SubjectOf = Callable[[str, str, Mapping[str, Any]], str]
Some = TypeVar("Some", bound=Stored | None)


@dataclass(frozen=True, slots=True)
class Veil:
    """Seals and blinds what one base keeps; raises what `Encryption` raises."""

    encryption: Encryption
    subject_of: SubjectOf

    def put(self, change: Change, version: int, body: bytes) -> tuple[bytes, Document]:
        """Give body and index fields of a new version as they are stored."""
        if change.type == _DEFINES:
            told = "This base has its search parameters from the start, and takes no others."
            raise Unprocessable(told, code="not-supported", expression=change.place)
        subject = self.subject_of(change.type, change.id, change.resource or {})
        sealed = self.shut(change.type, change.id, version, body, subject)
        return sealed, self.fields(change.fields)

    def shut(self, type_: str, id_: str, version: int, body: bytes, subject: str) -> bytes:
        """Seal the body of a version."""
        named = subject.encode()
        sealed = self.encryption.shut(subject, f"{type_}/{id_}/{version}", body)
        return len(named).to_bytes(2) + named + sealed

    def open(self, type_: str, id_: str, version: int, sealed: bytes) -> bytes:
        """Give the body of a version."""
        subject, inner = _parted(sealed)
        return self.encryption.open(subject, f"{type_}/{id_}/{version}", inner)

    def opened(self, one: Some) -> Some:
        """Give a version as it was before it was sealed."""
        if one is None or one.body is None:
            return one
        return structs.replace(one, body=self.open(one.type, one.id, one.version, one.body))

    async def all_opened(self, found: Sequence[Some]) -> list[Some]:
        """Do so for several; keys that are not at hand are asked for beside the loop."""
        bodies = (one.body for one in found if one is not None and one.body is not None)
        await self._ready({_parted(body)[0] for body in bodies}, self.encryption.load)
        return [self.opened(one) for one in found]

    async def ready(self, changes: Iterable[Change]) -> None:
        """Have at hand the keys of what will be written, made where there are none."""
        written = [one for one in changes if one.resource is not None]
        whose = {self.subject_of(one.type, one.id, one.resource or {}) for one in written}
        await self._ready(whose, self.encryption.ready)

    async def _ready(self, subjects: set[str], ask: Callable[[set[str]], None]) -> None:
        if unknown := self.encryption.unknown(subjects):
            await asyncio.to_thread(ask, unknown)

    def document(self, type_: str, row: Document) -> Document:
        """Give a document of the base's own, such as an AuditEvent, as it is stored."""
        body = self.shut(type_, row["_id"], row["v"], row["body"], "")
        return {**row, "body": body, "x": self.fields(row["x"])}

    def blind(self, kind: str, value: bytes) -> bytes:
        """Give what stands for bytes that are compared and never told."""
        return self.encryption.blind(kind, value.hex()).encode()

    def fields(self, fields: Mapping[str, Any]) -> Document:
        """Give index fields as they are stored."""
        return {
            name: value if name in PLAIN else self._blinded(f"x.{name}", value)
            for name, value in fields.items()
        }

    def asked(self, condition: Condition, path: str = "") -> Condition:
        """Give a condition on index fields as one on what is stored.

        Raises Unprocessable (not-supported) for what only the texts themselves would answer.
        """
        match condition:
            case Everything() | Nothing():
                return condition
            case And() | Or():
                return structs.replace(condition, parts=self._all(condition.parts, path))
            case Not():
                return Not(self.asked(condition.part, path))
            case Element():
                inner = f"{path}{condition.field}."
                return structs.replace(condition, parts=self._all(condition.parts, inner))
            case AnyOf() | Between() | Contains() | Present() | Within():
                hides = hidden(path + condition.field)
                return self._leaf(condition, path) if hides else condition
            case _:
                raise _refused(path + getattr(condition, "field", ""))

    def _all(self, parts: Iterable[Condition], path: str) -> tuple[Condition, ...]:
        return tuple(self.asked(part, path) for part in parts)

    def _leaf(self, leaf: Condition, path: str) -> Condition:
        match leaf:
            case AnyOf():
                kind = path + leaf.field
                return structs.replace(
                    leaf, values=tuple(self._blinded(kind, one) for one in leaf.values)
                )
            case Between() if isinstance(leaf.low, str) or isinstance(leaf.high, str):
                raise _refused(path + leaf.field)
            case Contains():
                raise _refused(path + leaf.field)
            case _:
                return leaf

    def _blinded(self, kind: str, value: Any) -> Any:
        match value:
            case str():
                return self.encryption.blind(kind, value)
            case list():
                return [self._blinded(kind, one) for one in value]
            case Mapping():
                return {name: self._blinded(f"{kind}.{name}", one) for name, one in value.items()}
            case _:
                return value


def hidden(field: str) -> bool:
    """Say whether the texts at a full path into the index document are blinded."""
    outer, _, path = field.partition(".")
    return outer == "x" and path.partition(".")[0] not in PLAIN


def check_read(fields: Iterable[str]) -> None:
    """Raise Unprocessable (not-supported) where the texts of one of these paths would be told."""
    for field in fields:
        # What is a number has two ends: `lo` and `hi`.
        if hidden(field) and not field.endswith((".lo", ".hi")):
            raise _refused(field)


def _parted(sealed: bytes) -> tuple[str, bytes]:
    end = 2 + int.from_bytes(sealed[:2])
    return sealed[2:end].decode(errors="replace"), sealed[end:]


def _refused(field: str) -> Unprocessable:
    name = field.removeprefix("x.").partition(".")[0].partition(":")[0]
    told = (
        f"{name[:64]}: texts are sealed here, so they are found whole and exactly only; nothing is "
        "sorted, chained or included by them."
    )
    return Unprocessable(told, code="not-supported")
