"""What is written down of a request: one AuditEvent per access and patient, refused ones too.

https://profiles.ihe.net/ITI/BALP/content.html
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial
from typing import Self

from msgspec import structs

from fhir_server.fhir.audit_event import BREAK_GLASS, REFUSED, TYPE, Access, Actor, Fact, body
from fhir_server.fhir.errors import FhirError, MethodNotAllowed
from fhir_server.fhir.exchange import FhirRequest
from fhir_server.fhir.json import parse_object
from fhir_server.interactions.context import Context, Target
from fhir_server.interactions.subjects import instance, patients, query
from fhir_server.search.audit_event import fields
from fhir_server.search.index import index_fields
from fhir_server.store.audit import Audit
from fhir_server.store.documents import Document, Stored

# What changes resources is told by what was made; a Bundle by its entries.
WRITES = frozenset({"create", "update", "patch", "delete", "transaction"})
# Told to everyone, whoever asks.
_OPEN = frozenset({"capabilities"})
# References one event of an operation has at most; the types are told of all.
_MOST_DATA = 100
_SERVER_FAILS = 500
_BREAKS = "$break-glass"

Told = Mapping[str, Iterable[str]]

# Who asks often is made once.
_actor = lru_cache(maxsize=4096)(Actor)


@dataclass(slots=True)
class Note:
    """One request as it is noted: a Witness of what leaves the store.

    `told` are by patient the resource types that were told, under "" what is of no patient;
    `inner` is the note of what a transaction of this request did; `broken` are patients for whom
    the caller broke the glass.
    """

    context: Context
    audit: Audit
    access: Access
    request: FhirRequest
    target: Target
    broken: frozenset[str] = frozenset()
    told: dict[str, set[str]] = field(default_factory=dict)
    inner: "Note | None" = None

    def watching(self, context: Context) -> Context:
        """Give the context whose store shows this note what leaves it.

        It is not kept here: the two would hold each other until they are found as garbage.
        """
        seen = context.but(store=context.store.watched(self))
        reached(seen)
        return seen

    def saw(self, found: Iterable[Stored | None]) -> None:
        """Take note of resources; that an AuditEvent is told is no access to a patient's record."""
        for one in found:
            if one is not None and one.type != TYPE:
                for patient in one.patients or ("",):
                    self.told.setdefault(patient, set()).add(one.type)

    def again(self) -> Self:
        """Give the note of one attempt at a transaction."""
        inner = replace(self, told={}, inner=None)
        self.inner = inner
        return inner

    def events(self, made: Sequence[Stored]) -> list[Fact]:
        """Give the events of what was told and of the versions made.

        An operation has one for each patient, any other write one for each resource and patient.
        """
        made = [one for one in made if one.type != TYPE]
        if self.access.code.startswith("$"):
            self.saw(made)
            return [*self._each(self.told or {"": ()}, self.access, made)]
        known = {patient for one in made for patient in one.patients}
        read = {patient: kinds for patient, kinds in self.told.items() if patient not in known}
        if not made and not read:
            whole = self.access.code == "transaction"
            return [] if whole else [self._fact(self.access, "", self._data())]
        asked, access = self._apart(self.access, known)
        written = [
            self._fact(structs.replace(access, code=one.method), patient, [_versioned(one)])
            for one in made
            for patient in one.patients or ("",)
        ]
        code = "read" if access.code in WRITES else access.code
        return [*asked, *written, *self._each(read, _of_code(access, code), ())]

    async def answered(self) -> None:
        """Keep the events of an answer before it is sent; what it wrote is noted already."""
        if self.access.code in WRITES:
            if self.inner is None and self.access.code != "transaction":
                # What was done before is answered from memory.
                await self._keep(self.access, await self._concerned())
            return
        if self.inner:
            for patient in self.inner.told:
                self.told.pop(patient, None)
            if not self.told:
                return
        for patient in patients(self.request, self.target):
            self.told.setdefault(patient, set())
        await self.context.store.note(partial(self.events, ()))

    async def refused(self, failure: FhirError) -> None:
        """Keep the events of what was refused, outside any transaction: it is rolled back.

        Whose records they are is looked up, and never told to the caller.
        """
        if failure.status < _SERVER_FAILS:
            told = f"{failure.status} {failure.issues[0].code}"
            access = structs.replace(self.access, outcome=REFUSED, told=told)
            await self._keep(access, await self._concerned())

    async def _concerned(self) -> Told:
        found = {*patients(self.request, self.target), *self.told}
        if named := instance(self.context, self.target):
            found |= await self.audit.patients(*named)
        return dict.fromkeys(sorted(found) or [""], ())

    async def _keep(self, access: Access, concerned: Told) -> None:
        await self.audit.write(lambda: [*self._each(concerned, access, ())])

    def _each(self, told: Told, access: Access, made: Sequence[Stored]) -> Iterator[Fact]:
        """Yield an event for each patient; one of nobody's where there is none."""
        told = {patient: told[patient] for patient in told if patient} or told
        asked, access = self._apart(access, told)
        yield from asked
        for patient, kinds in told.items():
            of_it = [_versioned(one) for one in made if patient in (one.patients or ("",))]
            what = [*self._data(), *of_it[:_MOST_DATA]]
            yield self._fact(access, patient, what, " ".join(sorted(kinds)))

    def _apart(self, access: Access, patients: Collection[str]) -> tuple[Sequence[Fact], Access]:
        """Take from the access a question that may name others: it goes in an event of nobody's.

        A patient reads the events about him, and is to read of no other there.
        """
        one = len(patients) <= 1 and b"%2C" not in access.query
        if one or b"?" not in access.query or "" in patients:
            return (), access
        path = access.query.partition(b"?")[0]
        return [self._fact(access, "", [])], structs.replace(access, query=path)

    def _data(self) -> list[str]:
        target = self.target
        if not instance(self.context, target):
            return []
        version = f"/_history/{target.version}" if self.access.code == "vread" else ""
        return [f"{target.type}/{target.id}{version}"]

    def _fact(self, access: Access, patient: str, what: Sequence[str], kinds: str = "") -> Fact:
        if patient in self.broken or (patient and access.code == _BREAKS):
            access = structs.replace(access, purpose=BREAK_GLASS)
        context = self.context
        return Fact(access, context.new_id(), context.now(), patient, tuple(what), kinds)


def reached(context: Context) -> None:
    """Have the note of this request know whose glass is broken, now that its reach is known."""
    note, reach = context.store.watch.witness, context.caller.reach
    if isinstance(note, Note) and reach:
        note.broken = reach.broken


def event(context: Context, fact: Fact) -> Document:
    """Give the AuditEvent of a fact as it is stored, but for its signature."""
    spec, written = context.spec, body(fact)
    if context.limits.text_search or spec.digests.get(TYPE):
        x = index_fields(spec, parse_object(written), context.place, identity=fact.id)
    else:
        x = fields(spec, fact)
    return {
        "_id": fact.id,
        "v": 1,
        "ts": fact.ts,
        "method": "create",
        "body": written,
        "f": context.index_format(TYPE),
        "x": x,
    }


def noting(context: Context, code: str, request: FhirRequest, target: Target) -> Note | None:
    """Give what notes this request; None where nobody is to know of it."""
    audit = _of(context)
    if audit is None or code in _OPEN:
        return None
    caller, origin = context.caller, context.origin
    name = caller.client or caller.name
    who = _actor(name, caller.user, caller.organisations, caller.token, origin.address)
    access = Access(code, who, context.base_url, origin.request, query(code, request))
    return Note(context, audit, access, request, target)


def stands(context: Context, code: str, type_: str | None) -> None:
    """Raise MethodNotAllowed for a write of AuditEvents: where there is audit, none comes in."""
    if type_ == TYPE and code in WRITES and _of(context):
        told = "AuditEvents are written by the server alone, and stand for good."
        raise MethodNotAllowed(told, headers=[("Allow", "GET")])


def _of(context: Context) -> Audit | None:
    """Give what takes the events of this caller, None where they are not audited."""
    told = not context.caller.unrestricted or context.limits.audit_loopback
    return context.store.watch.audit if told else None


def _of_code(access: Access, code: str) -> Access:
    return access if access.code == code else structs.replace(access, code=code)


def _versioned(one: Stored) -> str:
    return f"{one.type}/{one.id}" + (f"/_history/{one.version}" if one.version else "")
