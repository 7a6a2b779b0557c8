"""The capabilities interaction: a CapabilityStatement made from the tables that do the work.

https://hl7.org/fhir/R4/http.html#capabilities
"""

from collections.abc import Awaitable, Callable
from hashlib import sha256
from importlib.metadata import version
from operator import itemgetter
from typing import Any

from fhir_server.fhir import dates, json
from fhir_server.fhir.exchange import FhirRequest, FhirResponse
from fhir_server.interactions import respond
from fhir_server.interactions.context import Context, Target
from fhir_server.interactions.parameters import only
from fhir_server.interactions.routes import Routes
from fhir_server.search.kinds import kind_of

_SYSTEM_LEVEL = frozenset({"capabilities", "transaction", "batch"})


def handler(
    routes: Callable[[], Routes],
) -> Callable[[Context, FhirRequest, Target], Awaitable[FhirResponse]]:
    """Give the handler of `GET [base]/metadata`; the statement is built once per base."""
    built: dict[str, bytes] = {}

    async def capabilities(context: Context, request: FhirRequest, _: Target) -> FhirResponse:
        only(request, "mode")
        if context.base_url not in built:
            built[context.base_url] = json.dump(statement(routes(), context))
        body = built[context.base_url]
        etag = f'W/"{sha256(body).hexdigest()[:16]}"'
        if respond.unchanged(request, etag):
            return FhirResponse(304, b"", [("ETag", etag)])
        return FhirResponse(200, body, [("ETag", etag)])

    return capabilities


def statement(routes: Routes, context: Context) -> dict[str, Any]:
    """Give the CapabilityStatement of this base."""
    codes = {row.code for row in routes.rows}
    rest = {
        "mode": "server",
        "documentation": "Access: --auth none, loopback only, until OAuth is switched on.",
        "resource": [_resource(routes, context, type_) for type_ in sorted(context.spec.types)],
        "interaction": [
            {"code": code} for code in ("transaction", "batch") if "transaction" in codes
        ],
    }
    system = _operations(routes, None)
    if system:
        rest["operation"] = system
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": dates.instant(context.started),
        "kind": "instance",
        "software": {"name": "fhir-server", "version": version("fhir-server")},
        "implementation": {"description": "FHIR server for Viet Nam", "url": context.base_url},
        "fhirVersion": "4.0.1",
        "format": ["application/fhir+json", "json"],
        "rest": [rest],
    }


def _resource(routes: Routes, context: Context, type_: str) -> dict[str, Any]:
    codes = dict.fromkeys(row.code for row in routes.rows if row.code not in _SYSTEM_LEVEL)
    told: dict[str, Any] = {
        "type": type_,
        "profile": context.spec.types[type_].url,
        "interaction": [{"code": code} for code in codes],
        "versioning": "versioned-update",
        "readHistory": True,
        "updateCreate": context.limits.update_create,
        "conditionalCreate": True,
        "conditionalRead": "not-match",
        "conditionalUpdate": False,
        "conditionalDelete": "not-supported",
        "searchParam": _search_params(context, type_),
    }
    operations = _operations(routes, type_)
    if operations:
        told["operation"] = operations
    return told


def _search_params(context: Context, type_: str) -> list[dict[str, str]]:
    return [
        {"name": code, "definition": param.url, "type": param.type}
        for code, param in sorted(context.spec.search_params(type_).items())
        if kind_of(param) is not None
    ]


def _operations(routes: Routes, type_: str | None) -> list[dict[str, str]]:
    found = {
        name: route.definition
        for (_, name, on), route in sorted(routes.operations.items(), key=itemgetter(0))
        if (on in (type_, "Resource") if type_ else not on)
    }
    return [{"name": name, "definition": url} for name, url in found.items()]
