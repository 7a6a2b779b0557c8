"""Transaction Bundles: all entries or none.

https://hl7.org/fhir/R4/http.html#transaction
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from msgspec import structs

from fhir_server.fhir import bundle, dates
from fhir_server.fhir.errors import Invalid, TooLarge
from fhir_server.fhir.exchange import FhirRequest, FhirResponse
from fhir_server.fhir.reference import parse
from fhir_server.interactions import entry as entry_
from fhir_server.interactions import links, respond, search_parameters
from fhir_server.interactions.audit import reached, stands
from fhir_server.interactions.authority import Asked, admitted_all
from fhir_server.interactions.context import Context
from fhir_server.interactions.create import CREATE
from fhir_server.interactions.delete import DELETE
from fhir_server.interactions.dispatch import run_entry
from fhir_server.interactions.entry import Entry, answered, status_line
from fhir_server.interactions.idempotency import once
from fhir_server.interactions.links import Links, Targets
from fhir_server.interactions.patch import PATCH
from fhir_server.interactions.routes import Routes, find
from fhir_server.interactions.snapshot import Snapshot
from fhir_server.interactions.update import UPDATE
from fhir_server.interactions.writing import Located, Write, Writing
from fhir_server.patch.apply import Patch
from fhir_server.search.condition import Condition
from fhir_server.store.documents import Change, Stored
from fhir_server.store.store import Store
from fhir_server.store.transact import Transaction

WRITINGS: Mapping[str, Writing] = {one.code: one for one in (DELETE, CREATE, UPDATE, PATCH)}
# https://hl7.org/fhir/R4/http.html#trules: deletes, then creates, then updates and patches.
_STEPS = (("delete",), ("create",), ("update", "patch"))


@dataclass(frozen=True, slots=True)
class _Plan:
    """The writes of a Bundle, and what the last run of the plan made of them, by entry index."""

    context: Context
    entries: Mapping[int, Entry]
    writes: Mapping[int, Write]
    links: Mapping[int, Links]
    located: dict[int, Located] = field(default_factory=dict)

    async def run(self, transaction: Transaction) -> Sequence[Change]:
        """Locate every write, resolve references, give the changes of all in their order."""
        self.located.clear()
        snapshot = Snapshot(self.context, transaction)
        for codes in _STEPS:
            step = {index: one for index, one in self.writes.items() if one.code in codes}
            await self._locate(transaction, snapshot, step)
        self._no_target_twice()
        targets = Targets(await self._targets(snapshot))
        changes: list[Change] = []
        for index, located in self.located.items():
            entry = self.entries[index]
            write = _linked(entry, located.write, targets, self.links.get(index))
            with entry.named():
                made = await WRITINGS[write.code].changes(
                    self.context, transaction, structs.replace(located, write=write)
                )
            changes += (structs.replace(change, place=entry.place) for change in made)
        await search_parameters.judge(self.context, transaction, changes)
        return changes

    async def _locate(
        self, transaction: Transaction, snapshot: Snapshot, step: Mapping[int, Write]
    ) -> None:
        matches = await snapshot.matches(
            (one.type, one.criteria) for one in step.values() if one.criteria is not None
        )
        first: dict[tuple[str, Condition | None], int] = {}
        for index, write in step.items():
            # Creates under one condition are one resource.
            shared = write.code == "create" and write.criteria is not None
            twin = first.setdefault((write.type, write.criteria), index) if shared else index
            if twin != index:
                self.located[index] = structs.replace(self.located[twin], found=True)
                continue
            writing = WRITINGS[write.code]
            with self.entries[index].named():
                located = await writing.located(self.context, transaction, write, matches)
            self.located[index] = located
            snapshot.follow(located)

    def _no_target_twice(self) -> None:
        seen: dict[tuple[str, str], int] = {}
        for index, located in self.located.items():
            for id_ in () if located.found else located.ids:
                first = seen.setdefault((located.write.type, id_), index)
                if first != index:
                    raise Invalid(
                        f"Entries {first} and {index} both write {located.write.type}/{id_}.",
                        expression=self.entries[index].place,
                    )

    async def _targets(self, snapshot: Snapshot) -> dict[str, str]:
        """Map each fullUrl, and each search that stands for a reference, to its `Type/id`."""
        targets: dict[str, str] = {}
        for index, located in self.located.items():
            url = self.entries[index].full_url
            if url and located.ids:
                targets[url] = f"{located.write.type}/{located.ids[0]}"
        read = {
            index: one
            for index, one in self.links.items()
            if one.searches and not self.located[index].found
        }
        found = await snapshot.matches(
            key for one in read.values() for key in one.searches.values()
        )
        for index, one in read.items():
            resource = self.writes[index].resource or {}
            targets |= links.resolved(self.entries[index], resource, one, found)
        return targets


def _linked(entry: Entry, write: Write, targets: Targets, read: Links | None) -> Write:
    """Give the write with its references made; of a patch, those in what it leaves."""
    if write.resource is not None:
        resource, references = links.linked(entry, write.resource, targets, read)
        return structs.replace(write, resource=resource, references=references)
    if write.patch is None:
        return write
    run = write.patch.run
    return structs.replace(
        write, patch=Patch(lambda resource: links.linked(entry, run(resource), targets)[0])
    )


async def transaction(
    routes: Routes, context: Context, request: FhirRequest, entries: Sequence[Entry]
) -> FhirResponse:
    """Commit every write entry in one MongoDB transaction, its reads answered from within.

    The first entry that fails, a read too, ends everything, and its error names the entry.
    """
    _check_full_urls(entries)
    # The writes are one step, admitted together before anything of it stands; a read alone.
    asked = [_asked(routes, entry) for entry in entries]
    held = await admitted_all(context, asked)
    reached(held)
    writes = {
        entry.index: write
        for entry, one in zip(entries, asked, strict=True)
        if (write := await _write(held, entry, one))
    }
    by_index = {entry.index: entry for entry in entries}
    read = {
        index: links.read(held, by_index[index], write.resource)
        for index, write in writes.items()
        if write.resource is not None
    }
    plan = _Plan(held, by_index, writes, read)

    async def finish(made: Sequence[Stored], store: Store) -> FhirResponse:
        written = await _written(held, plan, made, store)
        within = context.but(store=store)
        answers: list[bytes] = []
        told = 0
        for entry in entries:
            if entry.index in written:
                located = plan.located[entry.index]
                answers.append(_answer(context, request, located, written[entry.index]))
                continue
            with entry.named():
                if told > entry_.MAX_ANSWER:
                    raise TooLarge("The answers before this entry fill a response.")
                answers.append(answered(entry, await run_entry(routes, within, entry)))
            told += len(answers[-1])
        body = bundle.bundle(
            "transaction-response",
            answers,
            identity=context.new_id(),
            updated=dates.instant(context.now()),
        )
        return FhirResponse(200, body)

    allow = partial(held.allow, "transaction")
    return await context.store.answer(allow, plan.run, finish, once(context, request))


def _asked(routes: Routes, entry: Entry) -> Asked:
    with entry.named():
        code, _, target = find(routes, entry.method, entry.path)
    return code, entry.request, target


async def _write(context: Context, entry: Entry, asked: Asked) -> Write | None:
    """Read a write entry; None for a read, Invalid for what cannot be part of a transaction."""
    code, request, target = asked
    writing = WRITINGS.get(code)
    if writing is None:
        return None
    with entry.named():
        write = await writing.asked(context, request, target)
        stands(context, code, write.type)
        context.allow(code, write.type)
        return write


def _check_full_urls(entries: Iterable[Entry]) -> None:
    """Refuse a fullUrl that could mean two things, or pass for a code."""
    seen: dict[str, int] = {}
    for entry in entries:
        if entry.full_url is None:
            continue
        with entry.named():
            if parse(entry.full_url).kind not in ("urn", "absolute", "relative"):
                raise Invalid("A fullUrl is a urn:uuid, a urn:oid or the URL of a resource.")
            if seen.setdefault(entry.full_url, entry.index) != entry.index:
                raise Invalid(f"Entry {seen[entry.full_url]} has the same fullUrl.")


async def _written(
    context: Context, plan: _Plan, made: Sequence[Stored], store: Store
) -> dict[int, list[Stored]]:
    """Give by entry what now stands where it wrote, what conditional creates found included."""
    there = {(stored.type, stored.id): stored for stored in made}
    missing: dict[str, list[str]] = {}
    for located in plan.located.values():
        for id_ in located.ids:
            if (located.write.type, id_) not in there:
                missing.setdefault(located.write.type, []).append(id_)
    for type_, ids in missing.items():
        found = await store.read_many(context.allow("search-type", type_), type_, ids)
        there |= {(type_, id_): stored for id_, stored in found.items()}
    return {
        index: [there[located.write.type, id_] for id_ in located.ids]
        for index, located in plan.located.items()
    }


def _answer(
    context: Context, request: FhirRequest, located: Located, stored: Sequence[Stored]
) -> bytes:
    wish = respond.prefer(request).get("return", "minimal")
    outcome = respond.outcome_body(located.write.warnings) if wish == "OperationOutcome" else None
    if located.write.code == "delete":
        told = {"status": status_line(204)}
        if len(stored) == 1 and stored[0].version:
            told["etag"] = respond.etag(stored[0].version)
        return bundle.response_entry(None, None, told, outcome)
    [one] = stored
    new = not located.found and one.changed and one.created
    response = {
        "status": status_line(201 if new else 200),
        "location": respond.location(context.base_url, one),
        "etag": respond.etag(one.version),
        "lastModified": dates.instant(one.ts),
    }
    # Who may change what he may not read is not shown what he changed.
    shown = located.write.code != "patch" or context.seen("read", one.type)
    body = one.body if shown and wish == "representation" else None
    return bundle.response_entry(f"{context.base_url}/{one.type}/{one.id}", body, response, outcome)
