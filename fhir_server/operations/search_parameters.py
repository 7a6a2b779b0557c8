"""Stored SearchParameters: the job that builds them, and `$status`, which says how far they are.

https://hl7.org/fhir/R4/searchparameter.html
"""

from collections.abc import Mapping
from typing import Any

from fhir_server.fhir import json
from fhir_server.fhir.errors import Gone, NotFound, Unavailable
from fhir_server.fhir.exchange import FhirRequest, FhirResponse
from fhir_server.interactions import search_parameters
from fhir_server.interactions.context import Context, Target
from fhir_server.interactions.operation import Operation
from fhir_server.interactions.parameters import only
from fhir_server.jobs.worker import Work
from fhir_server.operations.reindex import rewrite
from fhir_server.search import definition
from fhir_server.search.condition import Everything
from fhir_server.search.definition import TYPE
from fhir_server.spec.spec import SearchParam, Spec
from fhir_server.store.reindex import Step

KIND = search_parameters.KIND

# The field an index of a stored parameter is on; other types of parameter get none.
_FIELDS = {
    "string": "x.{}",
    "token": "x.{}",
    "reference": "x.{}",
    "uri": "x.{}",
    "date": "x.{}.lo",
}
_MOST_TYPES = 20
_COUNT_MS = 1_000


async def build(work: Work) -> FhirResponse:
    """Do the job: bring every type to the stored parameters there are now, its indexes first.

    A change meanwhile has a job of its own, and this one ends.
    """
    context, version = work.context, work.job.input["version"]
    await search_parameters.refresh(context)
    for type_ in sorted(await search_parameters.unfinished(context)):
        if context.current.version != version:
            break
        await context.store.indexing.keep(type_, _indexes(context.spec, type_))
        await _rewrite(work, type_)
    await search_parameters.refresh(context)
    return FhirResponse(200, json.dump({"resourceType": "Parameters"}))


async def _rewrite(work: Work, type_: str) -> None:
    context, done = work.context, 0
    # The server's own reading, for no caller.
    total = await context.store.count(Everything(), type_, Everything(), _COUNT_MS)

    async def told(step: Step) -> None:
        nonlocal done
        done += step.rewritten
        part = min(99, 100 * done // total) if total else None
        await work.checkpoint({}, f"{type_}: {done} of {total or '?'}", part)

    counts = await rewrite(context, type_, told)
    if not counts.complete:
        raise Unavailable(f"Others still write {type_} in an older index format.")


def _indexes(spec: Spec, type_: str) -> dict[str, str]:
    """Give by code the field of each index a type's stored parameters get."""
    return {
        code: _FIELDS[param.type].format(code)
        for code, param in spec.stored.get(type_, {}).items()
        if param.type in _FIELDS and len(_types(spec, param.url)) <= _MOST_TYPES
    }


def _types(spec: Spec, url: str) -> dict[str, SearchParam]:
    return {
        type_: param
        for type_, params in spec.stored.items()
        for param in params.values()
        if param.url == url
    }


async def status(context: Context, request: FhirRequest, target: Target) -> FhirResponse:
    """Say whether a stored SearchParameter can be searched by, and how much is indexed, by type.

    Raises NotFound, Gone, Forbidden.
    """
    only(request)
    allow = context.allow("$status", TYPE)
    stored = await context.store.read(allow, TYPE, target.id or "")
    if stored is None:
        raise NotFound(f"There is no {TYPE}/{target.id}.")
    if stored.body is None:
        raise Gone(f"{TYPE}/{target.id} was deleted.")
    await search_parameters.refresh(context)
    resource = json.parse_object(stored.body)
    state, reason = _state(context, resource)
    parameters: list[dict[str, Any]] = [{"name": "state", "valueCode": state}]
    if reason:
        parameters.append({"name": "reason", "valueString": reason})
    if state in ("building", "ready"):
        for type_, param in _types(context.spec, resource["url"]).items():
            parameters.append({"name": "type", "part": await _type(context, type_, param.code)})
    return FhirResponse(200, json.dump({"resourceType": "Parameters", "parameter": parameters}))


def _state(context: Context, resource: Mapping[str, Any]) -> tuple[str, str]:
    if not definition.is_active(resource):
        return "unused", f"Its status is {resource['status']}; only an active one is used."
    if definition.defined_here(context.spec, resource):
        return "defined", "The server came with this parameter and uses its own."
    if reason := context.current.told.get(resource["url"]):
        return "refused", reason
    building = context.spec.building
    told = [
        building[type_][param.code]
        for type_, param in _types(context.spec, resource["url"]).items()
        if param.code in building.get(type_, ())
    ]
    return ("building", told[0]) if told else ("ready", "")


async def _type(context: Context, type_: str, code: str) -> list[dict[str, Any]]:
    building = code in context.spec.building.get(type_, ())
    told: list[dict[str, Any]] = [
        {"name": "code", "valueCode": type_},
        {"name": "state", "valueCode": "building" if building else "ready"},
    ]
    allow = context.allow("search-type", type_)
    counts = await context.store.indexing.count_formats(allow, type_, _COUNT_MS)
    if counts is not None:
        word = f"{code}={context.spec.digests[type_][code]}"
        indexed = sum(count for text, count in counts.items() if word in text.split())
        told.append({"name": "indexed", "valueInteger": indexed})
        told.append({"name": "total", "valueInteger": sum(counts.values())})
    return told


OPERATION = Operation(
    name="status",
    level="instance",
    handler=status,
    definition="http://fhir-server.vn/OperationDefinition/search-parameter-status",
    types=(TYPE,),
    documentation="Says whether a stored SearchParameter can be searched by, and how far it is.",
)
