"""The operation `$validate`: everything that is wrong with a resource, or with what is planned.

https://hl7.org/fhir/R4/resource-operation-validate.html
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from fhir_server.fhir import json
from fhir_server.fhir.errors import FhirError, Invalid, Issue
from fhir_server.fhir.exchange import FhirRequest, FhirResponse
from fhir_server.interactions import judging, respond, search_parameters
from fhir_server.interactions.aside import aside
from fhir_server.interactions.context import Context, Target
from fhir_server.interactions.links import refuse_searches
from fhir_server.interactions.operation import Operation
from fhir_server.interactions.transaction import WRITINGS
from fhir_server.interactions.write import check_type, misdefined
from fhir_server.interactions.writing import Located, Write
from fhir_server.operations.current import current, key, standing
from fhir_server.operations.inputs import RESOURCE, inputs
from fhir_server.search.project import refuse_subset
from fhir_server.store.documents import Change
from fhir_server.store.transact import Transaction
from fhir_server.validation.profiles.claims import nominated, wanted_profiles
from fhir_server.validation.remainder import apart, remainder
from fhir_server.validation.structure import structural_issues

NAME = "$validate"
MODES = ("create", "update", "delete", "profile")
_INPUTS = {
    "resource": RESOURCE,
    "mode": "valueCode",
    "profile": "valueUri",
    # Ours: the standard has no word for it.
    "must-support": "valueBoolean",
}

Resource = dict[str, Any]


async def validate(context: Context, request: FhirRequest, target: Target) -> FhirResponse:
    """Answer 200 with every issue, or one that says all is well.

    Without a resource, what is stored under the id is looked at. Raises Invalid for inputs that
    cannot be read or do not go together.
    """
    given = inputs(context, request, _INPUTS)
    mode = _mode(given.get("mode"), target)
    type_ = target.type or ""
    check_type(context, type_)
    context.allow(NAME, type_)
    if mode == "delete":
        return _answer(await _against(context, mode, Write(mode, *key(context, target))))
    resource = given.get("resource")
    if resource is None:
        resource = await _stored(context, target)
    size = len(request.body)
    made = await _made(context, type_, resource, given, size)
    issues = [*_placed(mode, target, resource), *made]
    if not _refused(issues) and mode in ("create", "update"):
        issues += _unstorable(context, resource)
        identity = target.id or context.new_id()
        issues += await _against(context, mode, Write(mode, type_, identity, resource))
    return _answer(issues)


def _mode(mode: str | None, target: Target) -> str | None:
    if mode is not None and mode not in MODES:
        raise Invalid(f"mode is one of {', '.join(MODES)}, not {mode[:32]!r}.", code="value")
    if target.id is None and mode in ("update", "delete"):
        raise Invalid(f"To validate an {mode} call $validate on a resource: {{type}}/{{id}}.")
    return mode


async def _stored(context: Context, target: Target) -> Resource:
    if target.id is None:
        raise Invalid("Send the resource, as the body or in Parameters.", code="required")
    stored = await current(context, "read", *key(context, target))
    return json.parse_object(stored.body or b"{}")


async def _made(
    context: Context, type_: str, resource: Resource, given: Mapping[str, Any], size: int
) -> Sequence[Issue]:
    """Give what is wrong with the resource alone, whatever the settings ask of a write."""
    faults = await aside(size, structural_issues, context.spec, resource)
    rest = await aside(size, remainder, context.spec, resource, faults) if faults else resource
    if rest is None:
        return faults
    named = [given["profile"]] if "profile" in given else []
    wanted = wanted_profiles(rest, context.limits.required_profiles)
    profiles = list(dict.fromkeys([*wanted, *named]))
    if faults:
        beside = await judging.against(context, rest, profiles, size)
        return [*faults, *apart((nominated(one, named) for one in beside), faults)]
    judged = await judging.against(context, resource, profiles, size)
    found = [*misdefined(context.spec, resource), *(nominated(one, named) for one in judged)]
    if given.get("must-support"):
        found += await judging.unsupported(context, resource, profiles)
    if resource["resourceType"] != type_:
        told = f"The resource says it is a {resource['resourceType']}, the URL says {type_}."
        found.insert(0, Issue("invalid", told, f"{resource['resourceType']}.resourceType"))
    return found


def _unstorable(context: Context, resource: Resource) -> Iterator[Issue]:
    """Yield what keeps a resource that is well made from being written on its own."""
    searches = [refuse_searches] if context.limits.referential_integrity else []
    for check in (refuse_subset, *searches):
        try:
            check(resource)
        except FhirError as failure:
            yield from failure.issues


def _refused(issues: Sequence[Issue]) -> bool:
    return any(issue.severity == "error" for issue in issues)


def _placed(mode: str | None, target: Target, resource: Resource) -> Iterator[Issue]:
    """Yield what stands against storing it where the URL says."""
    if mode == "update" and resource.get("id") != target.id:
        told = f"An update needs the id of its URL, {target.id}."
        yield Issue("value", told, f"{target.type}.id")


async def _against(context: Context, mode: str, write: Write) -> Sequence[Issue]:
    """Give what stands against a write, as the write itself would tell it; nothing is written."""

    async def plan(transaction: Transaction) -> Sequence[Change]:
        if mode == "delete":
            await standing(transaction, write.type, write.id)
        located = Located(write, (write.id,))
        changes = await WRITINGS[mode].changes(context, transaction, located)
        await search_parameters.judge(context, transaction, changes)
        await transaction.judge(changes)
        return ()

    try:
        await context.store.transact(partial(context.allow, mode), plan)
    except FhirError as failure:
        return [replace(issue, severity="error") for issue in failure.issues]
    return ()


def _answer(issues: Sequence[Issue]) -> FhirResponse:
    return FhirResponse(200, respond.outcome_body(issues))


_TYPE = Operation(
    name="validate",
    level="type",
    handler=validate,
    definition="http://hl7.org/fhir/OperationDefinition/Resource-validate",
    types=("Resource",),
    documentation="Checks how a resource is made, and whether it could be stored or deleted.",
)
OPERATIONS = (_TYPE, replace(_TYPE, level="instance"))
