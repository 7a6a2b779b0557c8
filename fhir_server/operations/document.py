"""The operation `$document`: a Composition and all it refers to, as one document Bundle.

https://hl7.org/fhir/R4/composition-operation-document.html
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from msgspec import Raw

from fhir_server.fhir import dates, json, reference
from fhir_server.fhir.errors import Invalid, Issue, Unprocessable
from fhir_server.fhir.exchange import FhirRequest, FhirResponse
from fhir_server.interactions import respond
from fhir_server.interactions.context import Context, Target
from fhir_server.interactions.operation import Operation
from fhir_server.interactions.write import built, change, check_id
from fhir_server.operations.bodies import bodies, size
from fhir_server.operations.current import current
from fhir_server.operations.inputs import inputs
from fhir_server.store.documents import Stored

NAME, COMPOSITION, BUNDLE = "$document", "Composition", "Bundle"
MAX_RESOURCES = 2_000
_INPUTS = {"id": "valueUri", "persist": "valueBoolean", "graph": "valueUri"}


async def document(context: Context, request: FhirRequest, target: Target) -> FhirResponse:
    """Answer with the Bundle: the Composition, then all it leads to; `persist` stores it.

    Raises Invalid, NotFound, Gone, and Unprocessable where something it refers to is not here,
    or where it is too much.
    """
    given = inputs(context, request, _INPUTS)
    if "graph" in given:
        raise Invalid("Graphs are not followed: leave graph out.", code="not-supported")
    identity = _identity(context, given.get("id"), target)
    persist = given.get("persist", False)
    if persist and request.method != "POST":
        raise Invalid("persist=true changes the server: send it by POST.", code="not-supported")
    lead = await current(context, NAME, COMPOSITION, identity)
    bundle = _bundle(context, [lead, *await _gathered(context, lead)])
    if not persist:
        return FhirResponse(200, json.dump(bundle))
    return await _kept(context, request, json.parse_object(json.dump(bundle)))


def _identity(context: Context, given: str | None, target: Target) -> str:
    """Give the Composition's id: the URL's, or on the type the parameter `id`, an id or a URL."""
    if target.id is not None and given is not None:
        raise Invalid("The Composition is named by the URL: leave id out.")
    text = target.id or given
    if text is None:
        raise Invalid("Name the Composition with id.", code="required")
    found = reference.parse(reference.relative(text, (context.base_url,)))
    if found.kind == "absolute" or found.type not in ("", COMPOSITION):
        told = f"{text[:80]!r} is no Composition of this server."
        raise Invalid(told, code="not-supported")
    identity = found.id if found.type else text
    check_id(identity)
    return identity


async def _gathered(context: Context, lead: Stored) -> list[Stored]:
    """Give what the Composition refers to, and what that refers to, until nothing is missing.

    Of the Composition everything is needed; what the others refer to is left out where it is
    gone, or not for this caller. Other servers are not asked.
    https://hl7.org/fhir/R4/documents.html#content
    """
    known = {(lead.type, lead.id)}
    found: list[Stored] = []
    latest: Sequence[Stored] = (lead,)
    room = respond.PAGE
    while wanted := dict.fromkeys(one for one in _targets(context, latest) if one not in known):
        known.update(wanted)
        if len(known) > MAX_RESOURCES:
            told = f"This document would hold more than {MAX_RESOURCES} resources."
            raise Unprocessable(told, code="too-costly")
        rows = await _read(context, wanted, room)
        if latest[0] is lead:
            _complete(context, lead, rows)
        latest = [rows[one] for one in wanted if one in rows]
        room -= sum(map(size, latest))
        found += latest
    return found


async def _read(
    context: Context, wanted: Iterable[tuple[str, str]], room: int
) -> dict[tuple[str, str], Stored]:
    by_type: dict[str, list[str]] = {}
    for type_, identity in wanted:
        by_type.setdefault(type_, []).append(identity)
    found: dict[tuple[str, str], Stored] = {}
    for type_, ids in by_type.items():
        if allow := context.seen(NAME, type_):
            rows = await bodies(context, allow, type_, ids, room)
            room -= sum(map(size, rows.values()))
            found |= {(type_, id_): row for id_, row in rows.items()}
    return found


def _complete(context: Context, lead: Stored, rows: dict[tuple[str, str], Stored]) -> None:
    """Raise Unprocessable, with the places, for what the Composition refers to and is not here."""
    lost = [
        Issue("not-found", f"{text[:200]} is not here; a document needs it.", place)
        for place, text in _named(lead)
        if (one := _local(context, text)) and one not in rows
    ]
    if lost:
        raise Unprocessable(issues=lost)


def _targets(context: Context, found: Iterable[Stored]) -> Iterator[tuple[str, str]]:
    for stored in found:
        for _, text in _named(stored):
            if one := _local(context, text):
                yield one


def _named(stored: Stored) -> Iterator[tuple[str, str]]:
    """Yield (location, reference) of a resource; a document's predecessors are not part of it."""
    resource = json.parse_object(stored.body or b"{}")
    for place, text in reference.references(resource):
        if not place.startswith(f"{COMPOSITION}.relatesTo"):
            yield place, text


def _local(context: Context, text: str) -> tuple[str, str] | None:
    target = reference.parse(reference.target(text, (context.base_url,)))
    here = target.kind == "relative" and target.type in context.spec.types
    return (target.type, target.id) if here else None


def _bundle(context: Context, found: Iterable[Stored]) -> dict[str, Any]:
    """Give the document, its resources as they are stored, byte for byte."""
    identity, now = context.new_id(), dates.instant(context.now())
    return {
        "resourceType": BUNDLE,
        "id": identity,
        "meta": {"lastUpdated": now},
        "identifier": {"system": "urn:ietf:rfc:3986", "value": f"urn:uuid:{identity}"},
        "type": "document",
        "timestamp": now,
        "entry": [
            {
                "fullUrl": f"{context.base_url}/{one.type}/{one.id}",
                "resource": Raw(one.body or b"{}"),
            }
            for one in found
        ],
    }


async def _kept(context: Context, request: FhirRequest, bundle: dict[str, Any]) -> FhirResponse:
    """Store the document under its id; answer as a create does."""
    new = change(
        context,
        BUNDLE,
        bundle["id"],
        built(context, BUNDLE, bundle),
        method="create",
        must_not_exist=True,
    )
    (stored,) = await context.store.commit(partial(context.allow, "create"), [new])
    return respond.written(context.base_url, request, stored)


_INSTANCE = Operation(
    name="document",
    level="instance",
    handler=document,
    definition="http://hl7.org/fhir/OperationDefinition/Composition-document",
    types=(COMPOSITION,),
    documentation="A Composition and all it refers to, as a document Bundle.",
)
OPERATIONS = (_INSTANCE, replace(_INSTANCE, level="type"))
