"""Stored SearchParameters: judged where they are written, taken up by every process of the base.

https://hl7.org/fhir/R4/searchparameter.html and docs/adr/0024-definitions-while-serving.md
"""

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace

from fhir_server.fhir import json
from fhir_server.fhir.errors import FhirError, Issue, Unprocessable, inside
from fhir_server.interactions.context import Context
from fhir_server.interactions.current import Current
from fhir_server.search import definition
from fhir_server.search.definition import TYPE
from fhir_server.spec.packages import ParameterRow
from fhir_server.spec.spec import Spec
from fhir_server.store.documents import Change, Document
from fhir_server.store.transact import Transaction

KIND = "search-parameters"
# Seconds a process may write by what it heard, and after which all have heard and have committed.
LEASE, SETTLED = 6.0, 10.0
# The words of an index format that speak of what the server came with.
_OWN_WORDS = 2
_WAITS = "it waits for its turn"


async def judge(context: Context, transaction: Transaction, changes: Sequence[Change]) -> None:
    """Raise Unprocessable where SearchParameters to be written clash with those there are.

    All active ones are looked at, whoever may see them: a code has one meaning on a type.
    """
    written = {change.id for change in changes if change.type == TYPE}
    new = [change for change in changes if change.type == TYPE and _counts(change.resource)]
    if not new:
        return
    most = context.limits.max_search_parameters
    there = await transaction.definitions(most + len(written) + 1)
    others = [one for one in there if one["id"] not in written]
    rows = [
        definition.row_of(one) for one in others if not definition.defined_here(context.spec, one)
    ]
    if len(others) + len(new) > most:
        told = f"At most {most} SearchParameters are active at a time; retire one first."
        raise Unprocessable(told, code="too-costly", expression=inside(new[-1].place, TYPE))
    for change in new:
        if change.resource and not definition.defined_here(context.spec, change.resource):
            row = definition.row_of(change.resource)
            _refuse(change, definition.clashes(context.spec, row, rows))
            rows.append(row)


def _counts(resource: Mapping[str, object] | None) -> bool:
    return resource is not None and definition.is_active(resource)


def _refuse(change: Change, found: Iterable[Issue]) -> None:
    issues = [replace(one, expression=inside(change.place, one.expression)) for one in found]
    if issues:
        raise Unprocessable(issues=issues)


async def refresh(context: Context) -> None:
    """Take up what has changed since this process asked last; Unavailable without an answer."""
    cell, store = context.current, context.store
    async with cell.asking:
        asked = asyncio.get_running_loop().time()
        store.definitions.changed.clear()
        version = await store.definitions.version()
        if version != cell.version:
            await _take_up(context, version)
        elif cell.spec.building:
            await _look_again(context)
        cell.heard = asked


async def heard(context: Context) -> None:
    """Take up what this process has just written; what fails is done at the next asking."""
    with suppress(FhirError):
        await refresh(context)


async def current(context: Context, changes: Iterable[Change]) -> bool:
    """Say whether the index fields of these changes are in the formats of the moment."""
    clock = asyncio.get_running_loop().time
    if clock() - context.current.heard > LEASE:
        await refresh(context)
    return all(one.index_format in ("", context.index_format(one.type)) for one in changes)


async def outdated(context: Context, types: Collection[str]) -> set[str]:
    """Give which of these types are indexed by other definitions than the server came with."""
    formats = {type_: context.index_format(type_) for type_ in types}
    states = await context.store.indexing.formats(formats)
    return {
        type_
        for type_, state in states.items()
        if state.split()[:_OWN_WORDS] != formats[type_].split()[:_OWN_WORDS]
    }


async def unfinished(context: Context) -> dict[str, str]:
    """Give the types whose index is of other stored parameters, each with the format it is in."""
    formats = {type_: context.index_format(type_) for type_ in context.spec.types}
    states = await context.store.indexing.formats(formats)
    return {
        type_: state
        for type_, state in states.items()
        if state.split()[_OWN_WORDS:] != formats[type_].split()[_OWN_WORDS:]
    }


def job(version: int) -> str:
    """Give the id of the job that builds what a version of the definitions needs: there is one."""
    return f"{KIND}-{version}"


async def _take_up(context: Context, version: int) -> None:
    cell, store = context.current, context.store
    rows, told = _usable(cell.spec, await store.definitions.active(0))
    spec = cell.spec.with_stored(rows)
    left = await unfinished(context.but(current=Current(spec)))
    if left:
        await _queue(context, version)
    building = _building(spec, left, _WAITS)
    cell.spec = replace(spec, building=building)
    cell.told, cell.since = told, context.now()
    cell.version = version


async def _look_again(context: Context) -> None:
    cell = context.current
    progress = await context.store.jobs.progress(job(cell.version))
    left = await unfinished(context)
    if left and progress is None:
        # It was given up, or never came to the queue.
        await _queue(context, cell.version)
    text, percent = progress or ("", None)
    told = f"{text or _WAITS}{'' if percent is None else f' ({percent} %)'}"
    building = _building(cell.spec, left, told)
    if building != cell.spec.building:
        cell.spec = replace(cell.spec, building=building)
        cell.since = context.now()


async def _queue(context: Context, version: int) -> None:
    input_ = json.dump({"version": version})
    jobs = context.store.jobs
    await jobs.put_once(job(version), KIND, {"name": "server", "owner": "server"}, input_, SETTLED)


def _building(spec: Spec, left: Mapping[str, str], progress: str) -> dict[str, dict[str, str]]:
    """Give by type the codes that its documents do not have yet."""
    found: dict[str, dict[str, str]] = {}
    for type_, state in left.items():
        there = set(state.split())
        for code, digest in spec.digests.get(type_, {}).items():
            if f"{code}={digest}" not in there:
                found.setdefault(type_, {})[code] = progress
    return found


def _usable(spec: Spec, resources: Iterable[Document]) -> tuple[list[ParameterRow], dict[str, str]]:
    """Give what can be used of the active SearchParameters, and why the rest cannot, by url.

    They were judged when they were written; an upgrade of the server may have changed its mind.
    """
    rows: list[ParameterRow] = []
    told: dict[str, str] = {}
    for resource in resources:
        if definition.defined_here(spec, resource):
            continue
        found = definition.issues(spec, resource)
        if not found:
            row = definition.row_of(resource)
            found = list(definition.clashes(spec, row, rows))
        if found:
            told[resource["url"]] = "; ".join(issue.diagnostics for issue in found)
        else:
            rows.append(row)
    return rows, told
