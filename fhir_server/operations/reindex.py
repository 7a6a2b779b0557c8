"""The operation `$reindex`: the index fields of whole types written anew, as a job.

No version is made. Searches warn that a type is incomplete until its counts are verified.
"""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from fhir_server.fhir import json
from fhir_server.fhir.errors import Invalid
from fhir_server.fhir.exchange import FhirRequest, FhirResponse
from fhir_server.interactions.context import Context, Target
from fhir_server.interactions.operation import Level, Operation
from fhir_server.interactions.parameters import only
from fhir_server.interactions.write import built, check_type, indexed, resource_of
from fhir_server.jobs import answer, queue
from fhir_server.jobs.worker import Work
from fhir_server.store.reindex import Counts, Step

KIND = "reindex"

_ROUNDS = 5
_COUNT_MS = 2_000


async def reindex(context: Context, request: FhirRequest, target: Target) -> FhirResponse:
    """Queue the job and answer 202 with the address of its status.

    The types named are rewritten whole; without a name, what is in an older format of the types
    that are outdated. Raises Invalid, NotSupported, Forbidden, TooManyRequests.
    """
    named = [target.type] if target.type else _named(context, request)
    only(request)
    for type_ in named:
        check_type(context, type_)
        context.allow("$reindex", type_)
    if not named:
        context.allow("$reindex", None)
    return answer.accepted(context, await queue.put(context, KIND, {"types": named}))


def _named(context: Context, request: FhirRequest) -> list[str]:
    if not request.body and request.resource is None:
        return []
    resource = built(context, "Parameters", resource_of(request))
    for place, one in enumerate(resource.get("parameter", ())):
        if one.get("name") != "type" or "valueCode" not in one:
            where = f"Parameters.parameter[{place}]"
            raise Invalid("Only the parameter type, a valueCode, is known here.", expression=where)
    return list(dict.fromkeys(one["valueCode"] for one in resource.get("parameter", ())))


async def run(work: Work) -> FhirResponse:
    """Do the job, type after type; give Parameters with the verified counts of each."""
    context, named = work.context, work.job.input["types"]
    noted = work.job.checkpoint or {
        "types": named or await _outdated(context),
        "reports": [],
        "after": "",
        "rewritten": 0,
    }
    for type_ in noted["types"][len(noted["reports"]) :]:
        counts = await _one(work, noted, type_, everything=bool(named))
        report = _report(type_, noted["rewritten"], counts)
        noted |= {"reports": [*noted["reports"], report], "after": "", "rewritten": 0}
        await work.checkpoint(noted, f"{type_} is done")
        if counts.complete:
            context.outdated.discard(type_)
    body = {"resourceType": "Parameters", "parameter": noted["reports"]}
    return FhirResponse(200, json.dump(body))


async def _outdated(context: Context) -> list[str]:
    formats = {type_: context.index_format(type_) for type_ in context.spec.types}
    return sorted(await context.store.indexing.outdated(formats))


async def _one(work: Work, noted: dict[str, Any], type_: str, *, everything: bool) -> Counts:
    """Rewrite one type from where the checkpoint is, with a checkpoint after each batch."""
    context = work.context
    allow = context.allow("$reindex", type_)
    total = await context.store.count(allow, type_, allow, _COUNT_MS)

    async def told(step: Step) -> None:
        noted.update(after=step.after, rewritten=noted["rewritten"] + step.rewritten)
        part = min(99, 100 * noted["rewritten"] // total) if total else None
        await work.checkpoint(noted, f"{type_}: {noted['rewritten']} of {total or '?'}", part)

    return await rewrite(context, type_, told, after=noted["after"], everything=everything)


async def rewrite(
    context: Context,
    type_: str,
    told: Callable[[Step], Awaitable[None]],
    *,
    after: str = "",
    everything: bool = False,
) -> Counts:
    """Rewrite the index fields of a type behind the id `after`; give the verified counts.

    `told` hears of each batch. What others write meanwhile in an older format is rewritten too,
    in a few more rounds, and so is all where the definitions change; the counts say whether
    something is left.
    """
    store = context.store
    counts = Counts(0, 0)
    for _ in range(_ROUNDS):
        held = context.frozen()
        wanted = held.index_format(type_)
        while held.spec.digests is context.spec.digests and (
            step := await store.indexing.step(
                type_, partial(indexed, held), wanted, after=after, everything=everything
            )
        ):
            after = step.after
            await told(step)
        counts = await store.indexing.verify(type_, wanted)
        if counts.complete:
            break
        after, everything = "", False
    return counts


def _report(type_: str, rewritten: int, counts: Counts) -> dict[str, Any]:
    part = [
        {"name": "code", "valueCode": type_},
        {"name": "rewritten", "valueInteger": rewritten},
        {"name": "current", "valueInteger": counts.current},
        {"name": "total", "valueInteger": counts.total},
        {"name": "complete", "valueBoolean": counts.complete},
    ]
    return {"name": "type", "part": part}


def _operation(level: Level, name: str, types: tuple[str, ...]) -> Operation:
    return Operation(
        name="reindex",
        level=level,
        handler=reindex,
        definition=f"http://fhir-server.vn/OperationDefinition/{name}",
        types=types,
        affects_state=True,
        documentation="Writes the index fields of whole types anew, as a job.",
    )


OPERATIONS = (
    _operation("system", "reindex", ()),
    _operation("type", "resource-reindex", ("Resource",)),
)
