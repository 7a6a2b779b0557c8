"""Bundles posted to the base: a batch runs entry by entry, a transaction as one.

https://hl7.org/fhir/R4/http.html#transaction
"""

from collections.abc import Callable, Sequence
from typing import Any

from msgspec import structs

from fhir_server.fhir import bundle, dates
from fhir_server.fhir.errors import FhirError, Invalid, TooLarge
from fhir_server.fhir.exchange import FhirRequest, FhirResponse
from fhir_server.interactions import entry as entry_
from fhir_server.interactions import idempotency
from fhir_server.interactions.context import Context, Target
from fhir_server.interactions.dispatch import run_entry
from fhir_server.interactions.entry import Entry, answered, entries, failed
from fhir_server.interactions.parameters import only
from fhir_server.interactions.routes import Handler, Routes
from fhir_server.interactions.transaction import transaction
from fhir_server.interactions.write import built, resource_of
from fhir_server.validation import fast

# https://hl7.org/fhir/R4/http.html#trules gives this order; a batch is free to follow it.
_ORDER = {"DELETE": 0, "POST": 1, "PUT": 2, "PATCH": 2}
# An entry's answer is short unless the request prefers otherwise, as in a transaction.
_SHORT = {"prefer": "return=minimal"}


def handler(routes: Callable[[], Routes]) -> Handler:
    """Give the handler of `POST [base]`; entries are looked up in the same table."""

    async def batch(context: Context, request: FhirRequest, _: Target) -> FhirResponse:
        only(request)
        body = request.body if request.resource is None else b""
        looked_at = fast.bundle(context.spec, body) if body else None
        resource = resource_of(request) if looked_at is None else looked_at
        built(context, "Bundle", _without_resources(resource))
        listed = entries(context, request, resource, well=looked_at is not None)
        kind = resource.get("type")
        if kind == "transaction":
            return await transaction(routes(), context, request, listed)
        if kind == "batch":
            return await _batch(routes(), context, request, listed)
        raise Invalid(
            f"A Bundle posted here must be a batch or a transaction, not a {kind}.",
            expression="Bundle.type",
        )

    return batch


def _without_resources(bundle: dict[str, Any]) -> dict[str, Any]:
    """Give the Bundle without its entries' resources: each of those is checked on its own.

    What stands there and is no object stays: it is a fault of the Bundle.
    """
    listed = bundle.get("entry")
    if not isinstance(listed, list):
        return bundle
    bare = [
        {name: one[name] for name in one if name != "resource" or not isinstance(one[name], dict)}
        if isinstance(one, dict)
        else one
        for one in listed
    ]
    return {**bundle, "entry": bare}


async def _batch(
    routes: Routes, context: Context, request: FhirRequest, listed: Sequence[Entry]
) -> FhirResponse:
    context.allow("batch", None)
    answers: dict[int, bytes] = {}
    told = 0
    for entry in sorted(listed, key=lambda one: _ORDER.get(one.method, 3)):
        alone = structs.replace(entry, headers={**_SHORT, **entry.headers, **_key(request, entry)})
        answers[entry.index] = await _answer(routes, context, alone, told)
        told += len(answers[entry.index])
    body = bundle.bundle(
        "batch-response",
        [answers[entry.index] for entry in listed],
        identity=context.new_id(),
        updated=dates.instant(context.now()),
    )
    return FhirResponse(200, body)


async def _answer(routes: Routes, context: Context, entry: Entry, told: int) -> bytes:
    """Serialise the answer to one entry; `told` bytes of answers came before it."""
    try:
        if told > entry_.MAX_ANSWER:
            raise TooLarge("The answers before this entry fill a response; ask again for it.")
        return answered(entry, await run_entry(routes, context, entry))
    except FhirError as failure:
        return failed(failure)


def _key(request: FhirRequest, entry: Entry) -> dict[str, str]:
    """Give an entry the part of the batch's Idempotency-Key that is its own."""
    key = request.headers.get(idempotency.HEADER)
    return {} if key is None else {idempotency.HEADER: idempotency.part(key, entry.index)}
