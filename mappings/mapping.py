"""The shape of a mapping: a national document in, one visit's resources-to-be out; nothing stored.

A document is told by the name of its root element; a further document is one more Mapping in the
list its plugin holds.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from uuid import NAMESPACE_URL

from fhir_server.fhir.errors import Issue

PATIENT = "Patient"
ENCOUNTER = "Encounter"


@dataclass(frozen=True, slots=True)
class Draft:
    """One resource to be, before its id is known.

    `key` is stable within the visit, so that the same visit sent again names the same resources.
    References to other drafts are their `draft_url`.
    """

    key: str
    resource: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Strength:
    """Identifiers, as `system|value`, that find one person, any of them.

    With `needs_demographics` they count only where name, birth date and sex agree too.
    """

    tokens: tuple[str, ...]
    needs_demographics: bool = False


@dataclass(frozen=True, slots=True)
class PatientDraft:
    """Who the visit is about: the Patient, and what to match by, the strongest first."""

    resource: dict[str, Any]
    matching: tuple[Strength, ...]
    key: str = PATIENT


@dataclass(frozen=True, slots=True)
class Visit:
    """One visit, (facility, ma_lk), mapped.

    `created` is the day of the submission, yyyymmdd; `start` the visit's beginning in microseconds
    since the Unix epoch. `practitioners` and `organizations` are
    matched by their only identifier; `drafts` are the visit's own resources, the Encounter first.
    `not_mapped` names the tables kept in the raw document only; `issues` are warnings.
    """

    facility: str
    ma_lk: str
    created: str
    start: int
    patient: PatientDraft
    practitioners: tuple[Draft, ...]
    organizations: tuple[Draft, ...]
    drafts: tuple[Draft, ...]
    not_mapped: tuple[str, ...] = ()
    issues: tuple[Issue, ...] = ()


@dataclass(frozen=True, slots=True)
class Refused:
    """A visit that is not taken, and why; warnings may stand beside the errors."""

    issues: tuple[Issue, ...]


@dataclass(frozen=True, slots=True)
class Mapping:
    """One kind of document: `root` is its root element; `read` raises Invalid for no document."""

    name: str
    root: str
    read: Callable[[bytes], Sequence[Visit | Refused]]


def named_id(name: str) -> str:
    """Give the UUID of a name, version 5 below the namespace of URLs.

    Made of its digits: the standard library's takes nine times as long, and a visit has fifty.
    https://www.rfc-editor.org/rfc/rfc9562#name-uuid-version-5
    """
    whole = NAMESPACE_URL.bytes + name.encode()
    digits = hashlib.sha1(whole, usedforsecurity=False).hexdigest()
    variant = "89ab"[int(digits[16], 16) % 4]
    parts = (digits[:8], digits[8:12], f"5{digits[13:16]}", variant + digits[17:20], digits[20:32])
    return "-".join(parts)


@lru_cache(maxsize=4096)
def draft_id(facility: str, ma_lk: str, key: str) -> str:
    """Give the id of the draft `key` of a visit: the same for the same visit, whoever asks."""
    return named_id(f"{facility}|{ma_lk}|{key}")


def draft_url(facility: str, ma_lk: str, key: str) -> str:
    """Give the `urn:uuid:` by which drafts of one visit refer to the draft `key`."""
    return f"urn:uuid:{draft_id(facility, ma_lk, key)}"


def party_id(kind: str, token: str) -> str:
    """Give the id of a Practitioner or Organization made for an identifier, `system|value`."""
    return named_id(f"{kind}?identifier={token}")


def token(identifier: dict[str, Any]) -> str:
    """Give an Identifier as `system|value`."""
    return f"{identifier.get('system', '')}|{identifier['value']}"
