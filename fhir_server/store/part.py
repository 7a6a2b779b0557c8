"""What one request writes in a transaction: it is judged, and refused, by itself."""

from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from pymongo.asynchronous.client_session import AsyncClientSession

from fhir_server.fhir.audit_event import Fact
from fhir_server.fhir.errors import FhirError, Unprocessable
from fhir_server.store import hold, integrity, labels, owner, write
from fhir_server.store.audit import Noting, refuse
from fhir_server.store.documents import Change, Stored
from fhir_server.store.horizon import Database
from fhir_server.store.steps import Allow
from fhir_server.store.veil import Veil
from fhir_server.store.write import Before, Writes


@dataclass(slots=True, eq=False)
class Part:
    """The changes of one request, and what comes of them in one attempt at a transaction.

    `last` gets the versions made, in the order of the changes, reads what was written, and gives
    the `result`. `seen` is what the plan has read. `always`: commit even where no resource changed.
    `failure`: why it was refused; then it leaves nothing. `done`: there was nothing to do.
    """

    allow: Allow
    noting: Noting | None = None
    always: bool = False
    last: Callable[[Sequence[Stored]], Awaitable[Any]] | None = None
    changes: Sequence[Change] = ()
    seen: Collection[integrity.Key] = ()
    result: Any = None
    failure: FhirError | None = None
    done: bool = False
    ordered: Sequence[Change] = ()
    made: Sequence[Stored] = ()
    needs: integrity.Places = field(default_factory=dict)

    @contextmanager
    def judging(self) -> Iterator[None]:
        """Keep what refuses this part, for who asked for it."""
        try:
            yield
        except FhirError as failure:
            self.failure = failure

    @property
    def notes(self) -> bool:
        """Say whether it is written down who did it."""
        return self.noting is not None and self.noting.note is not None

    def order(self) -> None:
        """Put the changes in order; Invalid or MethodNotAllowed for what is never committed."""
        if self.notes:
            refuse(self.changes)
        self.ordered = write.in_order(self.changes)

    async def judge(self, database: Database, session: AsyncClientSession, before: Before) -> None:
        """Raise what forbids a change of what stands there; say what has to be there."""
        self.ordered = labels.kept(self.ordered, before)
        owner.judge(self.ordered, before)
        write.judge(self.allow, self.ordered, before)
        # What is out of reach is not ended: its hold is not told of either.
        reached = [
            one
            for one in self.ordered
            if one.method != "delete"
            or write.reaches(self.allow, one, before.get((one.type, one.id)))
        ]
        await hold.judge(database, session, reached, before)
        self.needs = integrity.needed(self.allow, self.ordered, self.seen)

    def found(self, there: integrity.Places) -> None:
        """Raise Unprocessable where what has to be there is not, with the place of each."""
        if issues := integrity.dangling(self.ordered, self.needs, there):
            raise Unprocessable(issues=issues)

    def documents(self, before: Before, ts: int, veil: Veil | None) -> Mapping[str, Writes]:
        """Give what to write; Forbidden for a new state out of the caller's reach."""
        audit = self.noting.audit if self.noting else None
        writes, self.made = write.documents(
            self.allow, self.ordered, before, ts, audit=audit, veil=veil
        )
        return writes

    async def not_needed(self, database: Database) -> None:
        """Raise Conflict where what ends here is referred to by what stays."""
        ended = [one for one, new in zip(self.ordered, self.made, strict=True) if new.changed]
        await integrity.not_needed(database, self.allow, self.ordered, ended)

    async def answer(self) -> Sequence[Fact]:
        """Ask for the result, from within; give what is noted of what was done."""
        by_key = {(one.type, one.id): one for one in self.made}
        told = [by_key[change.type, change.id] for change in self.changes]
        self.result = await self.last(told) if self.last else None
        return self.noting.note(told)() if self.noting and self.noting.note else ()
