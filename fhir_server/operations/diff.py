"""The operation `$diff`: what changed between two versions, as a FHIRPath Patch.

https://hl7.org/fhir/R4/fhirpatch.html
"""

from collections.abc import Mapping
from typing import Any

from fhir_server.fhir import json, reference
from fhir_server.fhir.errors import Gone, Invalid, NotFound
from fhir_server.fhir.exchange import FhirRequest, FhirResponse
from fhir_server.interactions.context import Context, Target
from fhir_server.interactions.operation import Operation
from fhir_server.interactions.respond import version_number
from fhir_server.interactions.write import check_id, check_type
from fhir_server.operations.inputs import inputs
from fhir_server.patch.diff import difference
from fhir_server.store.documents import Stored

_INCLUDE_META = {"includeMeta": "valueBoolean"}


async def between_versions(context: Context, request: FhirRequest, target: Target) -> FhirResponse:
    """Answer with the patch from `fromVersion` to `toVersion` of one resource.

    `toVersion` is the current one, `fromVersion` the one before it, where they are left out.
    Raises NotFound for a version that never was, Gone for one that is a deletion.
    """
    type_, identity = target.type or "", target.id or ""
    check_type(context, type_)
    check_id(identity)
    known = {"fromVersion": "valueString", "toVersion": "valueString", **_INCLUDE_META}
    given = inputs(context, request, known)
    context.allow("$diff", type_)
    new = await _read(context, type_, identity, given.get("toVersion", ""))
    old = await _read(context, type_, identity, given.get("fromVersion", str(new.version - 1)))
    return _answer(context, old, new, given)


async def between_resources(context: Context, request: FhirRequest, _: Target) -> FhirResponse:
    """Answer with the patch from the resource or version `from` names to the one `to` names.

    Raises Invalid for what names none here, NotFound, Gone, and Unprocessable for two types.
    """
    given = inputs(context, request, {"from": "valueString", "to": "valueString", **_INCLUDE_META})
    old, new = [await _named(context, given, name) for name in ("from", "to")]
    return _answer(context, old, new, given)


async def _named(context: Context, given: Mapping[str, Any], name: str) -> Stored:
    found = reference.parse(reference.relative(given.get(name, ""), (context.base_url,)))
    if found.kind != "relative":
        told = f"{name} must name a resource here, or a version: Patient/1/_history/2."
        raise Invalid(told, code="value" if name in given else "required")
    check_type(context, found.type)
    check_id(found.id)
    context.allow("$diff", found.type)
    return await _read(context, found.type, found.id, found.version)


async def _read(context: Context, type_: str, identity: str, version: str) -> Stored:
    """Give a version, the current one for ''."""
    if version:
        allow, number = context.allow("vread", type_), version_number(version)
        stored = await context.store.vread(allow, type_, identity, number) if number else None
    else:
        stored = await context.store.read(context.allow("read", type_), type_, identity)
    if stored is None:
        which = f"has no version {version[:16]!r}" if version else "is not known"
        raise NotFound(f"{type_}/{identity} {which}.")
    if stored.deleted:
        raise Gone(f"Version {stored.version} of {type_}/{identity} is its deletion.")
    return stored


def _answer(context: Context, old: Stored, new: Stored, given: Mapping[str, Any]) -> FhirResponse:
    before, after = (json.parse_object(one.body or b"{}") for one in (old, new))
    patch = difference(
        context.spec.structures, before, after, include_meta=given.get("includeMeta", False)
    )
    return FhirResponse(200, json.dump(patch))


_URL = "http://fhir-server.vn/OperationDefinition/"
OPERATIONS = (
    Operation(
        name="diff",
        level="instance",
        handler=between_versions,
        definition=f"{_URL}resource-diff",
        types=("Resource",),
        documentation="What changed between two versions, as a FHIRPath Patch.",
    ),
    Operation(
        name="diff",
        level="system",
        handler=between_resources,
        definition=f"{_URL}system-diff",
        documentation="What differs between two resources of a type, as a FHIRPath Patch.",
    ),
)
