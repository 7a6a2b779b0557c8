"""One write, by HTTP or by a Bundle's entry: what is asked, where it goes, what it changes.

Every write passes three steps. *Asked* reads and checks the request alone, before any database.
*Located* says, in the transaction's snapshot, which resource it is about. *Changes* gives what is
committed. create, update, patch and delete are each a `Writing`: these steps as data, so that a
single request and a Bundle run the same code.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from fhir_server.fhir.errors import Issue
from fhir_server.fhir.exchange import FhirRequest
from fhir_server.interactions.context import Context, Target
from fhir_server.patch.apply import Patch
from fhir_server.search.condition import Condition
from fhir_server.store.documents import Change
from fhir_server.store.transact import Transaction

Resource = dict[str, Any]
# A condition on a type → the ids it holds for, two where there are more.
Matches = Mapping[tuple[str, Condition], Sequence[str]]


class Preconditions(msgspec.Struct, frozen=True):
    """The ETags of If-Match and If-None-Match: versions as text, or `*`; () without the header."""

    match: tuple[str, ...] = ()
    none_match: tuple[str, ...] = ()


class Write(msgspec.Struct, frozen=True):
    """What a request asks to write; `id` is empty where `criteria` decide.

    `criteria`: the query of a conditional interaction, or If-None-Exist; `warnings`: what the
    resource is warned of; `references`: every Reference.reference in it, None where nobody has
    looked.
    """

    code: str
    type: str
    id: str = ""
    resource: Resource | None = None
    patch: Patch | None = None
    criteria: Condition | None = None
    preconditions: Preconditions = Preconditions()
    warnings: tuple[Issue, ...] = ()
    references: Collection[str] | None = None


class Located(msgspec.Struct, frozen=True):
    """A write and the ids it is about: one; several, or none, for a conditional delete.

    `found`: a conditional create that found its resource, and has nothing to do.
    """

    write: Write
    ids: tuple[str, ...]
    found: bool = False


@dataclass(frozen=True, slots=True)
class Writing:
    """A writing interaction. Each step raises the FhirError the caller is told."""

    code: str
    asked: Callable[[Context, FhirRequest, Target], Awaitable[Write]]
    located: Callable[[Context, Transaction, Write, Matches], Awaitable[Located]]
    changes: Callable[[Context, Transaction, Located], Awaitable[Sequence[Change]]]
