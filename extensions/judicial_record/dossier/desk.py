"""What the dossier asks of its neighbours: the sources, who issues, keyed digests."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from extensions.judicial_record.law.days import day_of
from extensions.judicial_record.law.deadlines import due
from extensions.judicial_record.law.policy import Rule
from extensions.judicial_record.office import Office
from fhir_server.interactions.context import Context
from fhir_server.outbound.client import Outbound
from fhir_server.store.documents import Change

Json = dict[str, Any]


class Match(Protocol):
    """What the source records say of an identity."""

    @property
    def kind(self) -> str:
        """Say clean, hit or ambiguous."""

    @property
    def records(self) -> tuple[str, ...]:
        """Give the ids of the convictions that may be his."""

    @property
    def prohibitions(self) -> tuple[str, ...]:
        """Give the ids of the bans that may be his."""


@dataclass(frozen=True, slots=True)
class Signing:
    """A dossier about to be signed: its Task, the Task of the work, `Practitioner/<id>`."""

    task: Json
    work: Json
    signer: str


@dataclass(frozen=True, slots=True)
class Issued:
    """What is committed with the signed dossier: changes, rows of Task.output; what comes after."""

    changes: Sequence[Change]
    output: Sequence[Json]
    announced: Callable[[], Awaitable[None]] | None = None


@dataclass(frozen=True, slots=True)
class Desk:
    """All the dossier needs beside the FHIR store.

    `check` takes a subjectSnapshot. `issue` is called by one signer at a time and may be called
    again for the same dossier after a crash. `blind` is a keyed digest of (kind, value), in
    hexadecimal digits. `outbound` asks the servers of who is told of moves.
    """

    office: Office
    check: Callable[[Json], Match]
    issue: Callable[[Context, Signing], Awaitable[Issued]]
    blind: Callable[[str, str], str]
    outbound: Outbound = field(default_factory=Outbound)

    def term(self, start: int, pauses: Sequence[tuple[int, int]], **facts: Any) -> tuple[int, Rule]:
        """Give the end of the term that began at `start`, in µs, and the rule of law it is by."""
        rule = self.office.law.rule("sla", day_of(start), **facts)
        return due(start, rule, self.office.days, pauses), rule
