"""From a resource to a Change: checked, indexed, ready for the store.

Create, update, Bundles and hospital documents all pass here.
"""

import re
from collections.abc import Collection
from typing import Any

from msgspec import structs

from fhir_server.access.facilities import owners
from fhir_server.access.fields import access_fields
from fhir_server.fhir import json
from fhir_server.fhir.errors import Forbidden, Invalid, Issue, NotSupported, Unprocessable
from fhir_server.fhir.exchange import FhirRequest
from fhir_server.fhir.reference import RECORDS
from fhir_server.interactions.aside import aside
from fhir_server.interactions.context import Context
from fhir_server.interactions.judging import judged
from fhir_server.search import definition
from fhir_server.search.index import CARE_FIELD, index_fields
from fhir_server.search.project import refuse_subset
from fhir_server.spec.spec import Spec
from fhir_server.store.documents import Change, Method
from fhir_server.validation import fast
from fhir_server.validation.remainder import apart, remainder
from fhir_server.validation.structure import structural_issues

# https://hl7.org/fhir/R4/datatypes.html#id
_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}", re.ASCII)
_JSON = ("application/fhir+json", "application/json", "text/json", "application/json+fhir")


def check_type(context: Context, type_: str) -> None:
    """Raise NotSupported unless this base has the resource type."""
    if type_ not in context.spec.types:
        raise NotSupported(f"There is no resource type {type_[:64]!r} here.")


def check_id(identity: str) -> None:
    """Raise Invalid unless it is a FHIR id; `..` is refused too, because paths are built of ids."""
    if not _ID.fullmatch(identity) or ".." in identity:
        raise Invalid(
            f"{identity[:80]!r} is not a resource id: 1 to 64 of A-Z a-z 0-9 - . without '..'.",
            code="value",
        )


def resource_of(request: FhirRequest) -> dict[str, Any]:
    """Give the resource the request carries; Invalid or UnsupportedMediaType if it has none."""
    if request.resource is not None:
        return request.resource
    if not request.body:
        raise Invalid("The request has no body; a resource in JSON is needed.", code="required")
    return json.parse_object(request.body)


async def received(
    context: Context, type_: str, request: FhirRequest
) -> tuple[dict[str, Any], tuple[Issue, ...]]:
    """Give the valid `type_` the request carries, and what is to be warned of in it.

    Raises as `resource_of` and `checked` do.
    """
    size = len(request.body)
    resource = await aside(size, _well, context.spec, type_, request)
    if resource is None:
        resource = await aside(size, resource_of, request)
        await _built(context, type_, resource, size)
    else:
        _ruled(context, resource)
    return resource, await _warned(context, resource, size)


def _well(spec: Spec, type_: str, request: FhirRequest) -> dict[str, Any] | None:
    """Give the `type_` the request carries if it is seen at once, or was, to be built well."""
    resource = request.resource
    if resource is None:
        return fast.parsed(spec, type_, request.body) if request.body else None
    return resource if request.well and resource["resourceType"] == type_ else None


async def checked(context: Context, type_: str, resource: dict[str, Any]) -> dict[str, Any]:
    """Give the resource back if it is a valid `type_`; raise Unprocessable with every issue.

    How much is looked at is a setting: see docs/validation.md.
    """
    await _warned(context, await _built(context, type_, resource))
    return resource


async def _built(
    context: Context, type_: str, resource: dict[str, Any], size: int = 0
) -> dict[str, Any]:
    """Do as `built`; an error tells what is wrong with the well-built elements too."""
    try:
        return await aside(size, built, context, type_, resource)
    except Unprocessable as failure:
        rest = await aside(size, remainder, context.spec, resource, failure.issues)
        if rest is None:
            raise
        more = apart(await judged(context, rest, size), failure.issues)
        raise Unprocessable(issues=(*failure.issues, *more)) from None


async def _warned(context: Context, resource: dict[str, Any], size: int = 0) -> tuple[Issue, ...]:
    """Give what is to be warned of in a resource that is well built."""
    issues = await judged(context, resource, size)
    if any(issue.severity == "error" for issue in issues):
        raise Unprocessable(issues=issues)
    return tuple(issues)


def built(context: Context, type_: str, resource: dict[str, Any]) -> dict[str, Any]:
    """Give the resource back if it is built as a `type_` is; raise Unprocessable with every issue.

    That is all that is asked of what the server itself writes, and of an operation's Parameters.
    """
    if resource.get("resourceType") != type_:
        told = str(resource.get("resourceType"))[:64]
        raise Invalid(
            f"The resource says it is a {told!r}, the URL says {type_}.",
            expression=f"{type_}.resourceType",
        )
    issues = structural_issues(context.spec, resource)
    if issues:
        raise Unprocessable(issues=issues)
    return _ruled(context, resource)


def _ruled(context: Context, resource: dict[str, Any]) -> dict[str, Any]:
    """Give a resource of good structure back if it meets the rules beyond that."""
    issues = misdefined(context.spec, resource)
    if issues:
        raise Unprocessable(issues=issues)
    refuse_subset(resource)
    return resource


def misdefined(spec: Spec, resource: dict[str, Any]) -> list[Issue]:
    """Give what keeps a well-made, active SearchParameter from being used."""
    if resource["resourceType"] != definition.TYPE or not definition.is_active(resource):
        return []
    if definition.defined_here(spec, resource):
        return []
    return definition.issues(spec, resource)


def change(
    context: Context,
    type_: str,
    identity: str,
    resource: dict[str, Any],
    *,
    method: Method,
    expected: int | None = None,
    must_not_exist: bool = False,
    owner: str = "",
    references: Collection[str] | None = None,
) -> Change:
    """Give the Change that stores this checked resource under this id.

    `owner` is the facility whose submission it is of; `references` is every Reference.reference in
    the resource, where known. Raises Forbidden where it would let its own writer act for somebody.
    """
    fields = indexed(context, {**resource, "id": identity}, references)
    if any(one["holder"] == context.caller.user for one in fields.get(CARE_FIELD, ())):
        raise Forbidden(f"{type_}/{identity} makes you a proxy: somebody else has to write it.")
    return Change(
        type=type_,
        id=identity,
        method=method,
        resource=resource,
        fields=fields,
        index_format=context.index_format(type_),
        expected=expected,
        must_not_exist=must_not_exist,
        integrity=_keeps_references(context, type_),
        owner=owner,
        owners=owners(context.caller),
    )


def of_the_server(change: Change) -> Change:
    """Give a Change as the server's own: not what the caller asked for, but what comes of it."""
    return structs.replace(change, owner="", owners=None)


def _keeps_references(context: Context, type_: str) -> bool:
    """Say whether references of this type must lead somewhere; a Bundle holds copies, no links."""
    return context.limits.referential_integrity and type_ not in RECORDS and type_ != "Bundle"


def indexed(
    context: Context, resource: dict[str, Any], references: Collection[str] | None = None
) -> dict[str, Any]:
    """Give the index fields of a resource that has its id, and its references where known."""
    spec, place, identity = context.spec, context.place, resource["id"]
    fields = index_fields(spec, resource, place, identity=identity, references=references)
    return fields | access_fields(resource, place, context.sensitivity)


def deletion(context: Context, type_: str, identity: str, *, expected: int | None = None) -> Change:
    """Give the Change that deletes a resource."""
    kept = context.limits.referential_integrity
    return Change(
        type_,
        identity,
        "delete",
        expected=expected,
        integrity=kept,
        owners=owners(context.caller),
    )
