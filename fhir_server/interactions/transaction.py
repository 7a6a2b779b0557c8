"""Transaction Bundles: all entries or none.

https://hl7.org/fhir/R4/http.html#transaction
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from fhir_server.fhir import bundle, dates
from fhir_server.fhir.errors import Invalid, Issue
from fhir_server.fhir.exchange import FhirRequest, FhirResponse
from fhir_server.fhir.reference import parse, references, rewrite
from fhir_server.interactions import respond
from fhir_server.interactions.context import Context
from fhir_server.interactions.dispatch import read_entry
from fhir_server.interactions.entry import Entry
from fhir_server.interactions.plan import PLANS, Write, existing
from fhir_server.interactions.routes import Routes
from fhir_server.interactions.write import checked
from fhir_server.store.documents import Change, Stored
from fhir_server.store.transact import Transaction

# A search in place of a reference, https://hl7.org/fhir/R4/http.html#trules: not looked for here.
_CONDITIONAL = re.compile(r"[A-Z][A-Za-z]*\?", re.ASCII)
_INTERACTION = {"POST": "create", "PUT": "update", "DELETE": "delete"}


async def transaction(
    routes: Routes, context: Context, request: FhirRequest, entries: Sequence[Entry]
) -> FhirResponse:
    """Commit every write entry in one MongoDB transaction, then answer the reads.

    The first write that fails ends everything, and its error names the entry. A read that fails
    after the commit has its own status and outcome: what is stored stays told.
    """
    _all_run(entries)
    writes = [entry for entry in entries if entry.method in PLANS]
    planned = {entry.index: _write(context, entry) for entry in writes}
    _no_target_twice(planned, writes)
    twins = _twins(planned, writes)
    found: dict[int, Stored] = {}

    async def plan(transaction: Transaction) -> Sequence[Change]:
        found.clear()
        for entry in writes:
            if entry.index not in twins and (write := planned[entry.index]).if_none_exist:
                with entry.named():
                    stored = await existing(context, transaction, write)
                if stored is not None:
                    found[entry.index] = stored
        resolved = _resolved(planned, writes, twins, found)
        changes = []
        for entry in writes:
            if entry.index in found or entry.index in twins:
                continue
            with entry.named():
                write = _rewritten(planned[entry.index], resolved)
                changes.append(await PLANS[write.method](context, transaction, write))
        return tuple(change for change in changes if isinstance(change, Change))

    committed = await context.store.transact(partial(context.allow, "transaction"), plan)
    by_target = {(stored.type, stored.id): stored for stored in committed}
    answers: list[bytes] = []
    told = 0
    for entry in entries:
        if entry.method not in PLANS:
            answers.append(await read_entry(routes, context, entry, told))
            told += len(answers[-1])
            continue
        first = twins.get(entry.index, entry.index)
        write = planned[first]
        stored = found.get(first) or by_target[write.type, write.id]
        new = first == entry.index and first not in found and stored.changed
        answers.append(_answer(context, request, stored, new=new))
    body = bundle.bundle(
        "transaction-response",
        answers,
        identity=context.new_id(),
        updated=dates.instant(context.now()),
    )
    return FhirResponse(200, body)


def _write(context: Context, entry: Entry) -> Write:
    with entry.named():
        type_, identity = entry.target(context)
        context.allow(_INTERACTION[entry.method], type_)
        resource = None if entry.method == "DELETE" else _checked(context, type_, entry)
        return Write(
            entry.method,
            type_,
            identity or context.new_id(),
            resource,
            expected=respond.expected_version(entry.if_match),
            if_none_exist=entry.if_none_exist,
        )


def _checked(context: Context, type_: str, entry: Entry) -> dict[str, Any]:
    if entry.resource is None:
        raise Invalid(f"A {entry.method} entry needs a resource.", code="required")
    resource = checked(context, type_, entry.resource)
    if entry.method == "POST":
        return resource
    identity = entry.target(context)[1]
    if resource.get("id", identity) != identity:
        raise Invalid("The resource's id is not the one in request.url.", expression=f"{type_}.id")
    return {**resource, "id": identity}


def _all_run(entries: Sequence[Entry]) -> None:
    """Refuse what could only fail after the commit, or mean two things."""
    seen: dict[str, int] = {}
    for entry in entries:
        with entry.named():
            if entry.method not in (*PLANS, "GET", "HEAD"):
                raise Invalid(f"{entry.method} entries are not offered.", code="not-supported")
            if entry.full_url is None:
                continue
            if parse(entry.full_url).kind not in ("urn", "absolute", "relative"):
                raise Invalid("A fullUrl is a urn:uuid, a urn:oid or the URL of a resource.")
            if seen.setdefault(entry.full_url, entry.index) != entry.index:
                raise Invalid(f"Entry {seen[entry.full_url]} has the same fullUrl.")


def _no_target_twice(planned: Mapping[int, Write], writes: Sequence[Entry]) -> None:
    seen: dict[tuple[str, str], int] = {}
    for entry in writes:
        write = planned[entry.index]
        first = seen.setdefault((write.type, write.id), entry.index)
        if first != entry.index:
            raise Invalid(
                f"Entries {first} and {entry.index} both write {write.type}/{write.id}.",
                expression=f"Bundle.entry[{entry.index}]",
            )


def _twins(planned: Mapping[int, Write], writes: Sequence[Entry]) -> dict[int, int]:
    """Map each entry whose If-None-Exist stands in an earlier entry to that one: one resource."""
    first: dict[tuple[str, str], int] = {}
    twins: dict[int, int] = {}
    for entry in writes:
        write = planned[entry.index]
        if write.if_none_exist is not None:
            earlier = first.setdefault((write.type, write.if_none_exist), entry.index)
            if earlier != entry.index:
                twins[entry.index] = earlier
    return twins


def _resolved(
    planned: Mapping[int, Write],
    writes: Sequence[Entry],
    twins: Mapping[int, int],
    found: Mapping[int, Stored],
) -> dict[str, str]:
    """Map each fullUrl of the Bundle to the `Type/id` it will have."""
    resolved: dict[str, str] = {}
    for entry in writes:
        first = twins.get(entry.index, entry.index)
        write, stored = planned[first], found.get(first)
        if entry.full_url:
            resolved[entry.full_url] = f"{write.type}/{stored.id if stored else write.id}"
    return resolved


def _rewritten(write: Write, resolved: Mapping[str, str]) -> Write:
    if write.resource is None:
        return write
    resource = rewrite(write.resource, resolved)
    lost = [
        Issue("not-found", f"{url[:80]} is not an entry of this Bundle.", location)
        for location, url in references(resource)
        if url.startswith(("urn:uuid:", "urn:oid:")) or _CONDITIONAL.match(url)
    ]
    if lost:
        raise Invalid(issues=lost)
    return replace(write, resource=resource, if_none_exist=None)


def _status(stored: Stored, *, new: bool) -> str:
    if stored.deleted:
        return "204 No Content"
    return "201 Created" if new and stored.created else "200 OK"


def _answer(context: Context, request: FhirRequest, stored: Stored, *, new: bool) -> bytes:
    response = {
        "status": _status(stored, new=new),
        "location": respond.location(context.base_url, stored),
        "etag": respond.etag(stored.version),
        "lastModified": dates.instant(stored.ts),
    }
    representation = respond.prefer(request).get("return") == "representation"
    url = f"{context.base_url}/{stored.type}/{stored.id}"
    return bundle.response_entry(url, stored.body if representation else None, response)
