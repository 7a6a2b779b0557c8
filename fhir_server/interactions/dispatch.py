"""From a request to its answer: look up the route, run it."""

from fhir_server.fhir.exchange import FhirRequest, FhirResponse
from fhir_server.interactions.context import Context
from fhir_server.interactions.routes import Routes, find


async def dispatch(routes: Routes, context: Context, request: FhirRequest) -> FhirResponse:
    """Answer one request; FhirError is for the caller (HTTP, batch) to turn into an outcome."""
    _, handler, target = find(routes, request.method, request.path)
    return await handler(context, request, target)
