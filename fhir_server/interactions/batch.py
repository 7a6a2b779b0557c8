"""Bundles posted to the base: a batch runs entry by entry, a transaction as one.

https://hl7.org/fhir/R4/http.html#transaction
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from fhir_server.fhir import bundle, dates
from fhir_server.fhir.errors import Invalid
from fhir_server.fhir.exchange import FhirRequest, FhirResponse
from fhir_server.interactions.context import Context, Target
from fhir_server.interactions.dispatch import read_entry
from fhir_server.interactions.entry import Entry, entries
from fhir_server.interactions.parameters import only
from fhir_server.interactions.routes import Routes
from fhir_server.interactions.transaction import transaction
from fhir_server.interactions.write import checked, resource_of

_ORDER = {"DELETE": 0, "POST": 1, "PUT": 2}


def handler(
    routes: Callable[[], Routes],
) -> Callable[[Context, FhirRequest, Target], Awaitable[FhirResponse]]:
    """Give the handler of `POST [base]`; entries are looked up in the same table."""

    async def batch(context: Context, request: FhirRequest, _: Target) -> FhirResponse:
        only(request)
        resource = resource_of(request)
        checked(context, "Bundle", _without_resources(resource))
        listed = entries(context, resource)
        kind = resource.get("type")
        if kind == "transaction":
            return await transaction(routes(), context, request, listed)
        if kind == "batch":
            return await _batch(routes(), context, listed)
        raise Invalid(
            f"A Bundle posted here must be a batch or a transaction, not a {kind}.",
            expression="Bundle.type",
        )

    return batch


def _without_resources(bundle: dict[str, Any]) -> dict[str, Any]:
    """Give the Bundle without its entries' resources: each of those is checked on its own."""
    listed = bundle.get("entry")
    if not isinstance(listed, list):
        return bundle
    bare = [
        {name: one[name] for name in one if name != "resource"} if isinstance(one, dict) else one
        for one in listed
    ]
    return {**bundle, "entry": bare}


async def _batch(routes: Routes, context: Context, listed: Sequence[Entry]) -> FhirResponse:
    context.allow("batch", None)
    answers: dict[int, bytes] = {}
    told = 0
    for entry in sorted(listed, key=lambda one: _ORDER.get(one.method, 3)):
        answers[entry.index] = await read_entry(routes, context, entry, told)
        told += len(answers[entry.index])
    body = bundle.bundle(
        "batch-response",
        [answers[entry.index] for entry in listed],
        identity=context.new_id(),
        updated=dates.instant(context.now()),
    )
    return FhirResponse(200, body)
