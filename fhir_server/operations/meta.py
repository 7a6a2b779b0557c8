"""The operations `$meta`, `$meta-add` and `$meta-delete`: profiles, tags and security labels.

https://hl7.org/fhir/R4/resource-operations.html
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from msgspec import structs

from fhir_server.fhir import json
from fhir_server.fhir.errors import Gone, Invalid, NotFound, Unprocessable
from fhir_server.fhir.exchange import FhirRequest, FhirResponse
from fhir_server.interactions import conditions, respond
from fhir_server.interactions.context import Context, Target
from fhir_server.interactions.operation import Operation
from fhir_server.interactions.update import UPDATE
from fhir_server.interactions.write import built, check_type
from fhir_server.interactions.writing import Located, Write
from fhir_server.operations.current import current, key, standing
from fhir_server.operations.inputs import inputs
from fhir_server.search.types.token import pairs
from fhir_server.store.documents import Change, Stored
from fhir_server.store.transact import Transaction

Meta = dict[str, Any]
Merge = Callable[[Sequence[Any], Sequence[Any]], list[Any]]

MAX_VALUES = 1_000
MAX_MS = 2_000
# What is gathered of a type, and the index fields it is read from.
_USED = {"profile": "x._profile", "tag": "x._tag", "security": "x._security"}
_ANY = ("Resource",)


async def meta(context: Context, request: FhirRequest, target: Target) -> FhirResponse:
    """Answer with the meta of a resource or of one version; without an id, with all that is used.

    Raises NotFound, Gone, and Unprocessable (too-costly) where gathering takes too long.
    """
    inputs(context, request, {})
    if target.id is None:
        return _answer(await _used(context, target.type))
    type_, identity = key(context, target)
    if target.version is None:
        return _answer(_meta(await current(context, "$meta", type_, identity)))
    return _answer(_meta(await _version(context, type_, identity, target.version)))


async def _version(context: Context, type_: str, identity: str, version: str) -> Stored:
    number = respond.version_number(version)
    allow = context.allow("$meta", type_)
    stored = await context.store.vread(allow, type_, identity, number) if number else None
    if stored is None:
        raise NotFound(f"{type_}/{identity} has no version {version[:16]!r}.")
    if stored.deleted:
        raise Gone(f"Version {number} of {type_}/{identity} is its deletion.")
    return stored


async def _used(context: Context, type_: str | None) -> Meta:
    """Give the union of what the current resources of a type, or of all types, carry."""
    if type_ is not None:
        check_type(context, type_)
    types = await context.store.collections() & set(context.spec.types)
    found: dict[str, set[str]] = {name: set() for name in _USED}
    for one in sorted(types & {type_} if type_ else types):
        allow = context.allow("$meta", one)
        for name, field in _USED.items():
            values = await context.store.distinct(allow, one, field, MAX_MS)
            if values is None or len(found[name]) + len(values) > MAX_VALUES:
                told = f"Gathering every {name} of {one} is too costly; ask of one resource."
                raise Unprocessable(told, code="too-costly")
            found[name].update(values)
    gathered: Meta = {"profile": sorted(found["profile"])}
    for name in ("tag", "security"):
        gathered[name] = [_coding(*pair) for pair in pairs(sorted(found[name]))]
    return {name: values for name, values in gathered.items() if values}


def _coding(system: str, code: str) -> dict[str, str]:
    return {"system": system, "code": code} if system else {"code": code}


def added(old: Sequence[Any], given: Sequence[Any]) -> list[Any]:
    """Give the old values and those given that are not among them."""
    known = {_same(one) for one in old}
    fresh = {_same(one): one for one in given if _same(one) not in known}
    return [*old, *fresh.values()]


def deleted(old: Sequence[Any], given: Sequence[Any]) -> list[Any]:
    """Give the old values without those given."""
    unwanted = {_same(one) for one in given}
    return [one for one in old if _same(one) not in unwanted]


def _same(value: Any) -> Hashable:
    """Give what makes two values one: a tag or label is its system and code, a profile its url."""
    return (value.get("system"), value.get("code")) if isinstance(value, Mapping) else value


async def _changed(
    name: str, merge: Merge, context: Context, request: FhirRequest, target: Target
) -> FhirResponse:
    given = inputs(context, request, {"meta": "valueMeta"}).get("meta")
    if given is None:
        raise Invalid("The parameter meta is missing.", code="required")
    type_, identity = key(context, target)
    preconditions = conditions.preconditions(request.headers)
    context.allow(name, type_)

    async def plan(transaction: Transaction) -> Sequence[Change]:
        stored = await standing(transaction, type_, identity)
        resource = json.parse_object(stored.body or b"{}")
        resource["meta"] = _merged(resource.get("meta", {}), given, merge)
        whole = built(context, type_, resource)
        write = Write("update", type_, identity, whole, preconditions=preconditions)
        [new] = await UPDATE.changes(context, transaction, Located(write, (identity,)))
        lifts = merge is deleted
        return (structs.replace(new, lifts_hold=lifts, lifts_labels=lifts),)

    (made,) = await context.store.transact(partial(context.allow, name), plan)
    return structs.replace(_answer(_meta(made)), headers=respond.version_headers(made))


def _merged(old: Meta, given: Meta, merge: Merge) -> Meta:
    parts = {name: merge(old.get(name, ()), given.get(name, ())) for name in _USED}
    kept = {name: value for name, value in old.items() if name not in _USED}
    return kept | {name: values for name, values in parts.items() if values}


def _meta(stored: Stored) -> Meta:
    found: Meta = json.parse_object(stored.body or b"{}").get("meta", {})
    return found


def _answer(found: Meta) -> FhirResponse:
    value = {"parameter": [{"name": "return", "valueMeta": found}]} if found else {}
    return FhirResponse(200, json.dump({"resourceType": "Parameters"} | value))


_HL7 = "http://hl7.org/fhir/OperationDefinition/Resource-"
_META = Operation(
    name="meta",
    level="instance",
    handler=meta,
    definition=f"{_HL7}meta",
    types=_ANY,
    documentation="Profiles, tags and security labels of a resource, or of all that are used.",
)
OPERATIONS = (
    _META,
    replace(_META, level="version"),
    replace(_META, level="type"),
    replace(_META, level="system", types=()),
    Operation(
        name="meta-add",
        level="instance",
        handler=partial(_changed, "$meta-add", added),
        definition=f"{_HL7}meta-add",
        types=_ANY,
        affects_state=True,
        documentation="Adds profiles, tags and security labels to a resource.",
    ),
    Operation(
        name="meta-delete",
        level="instance",
        handler=partial(_changed, "$meta-delete", deleted),
        definition=f"{_HL7}meta-delete",
        types=_ANY,
        affects_state=True,
        documentation="Takes profiles, tags and security labels from a resource.",
    ),
)
