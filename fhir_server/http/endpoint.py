"""One base as a plain ASGI application: no framework between the socket and the route table."""

import time

from fhir_server.base import Base
from fhir_server.fhir.errors import FhirError, Issue, Unavailable
from fhir_server.fhir.exchange import FhirRequest, FhirResponse
from fhir_server.fhir.ids import digits
from fhir_server.http import formats, later, metrics, security
from fhir_server.http.exchange import (
    WITHOUT_BODY,
    Receive,
    Scope,
    Send,
    check_url,
    read_body,
    read_head,
    send_response,
)
from fhir_server.http.log import access_line, crash_line
from fhir_server.interactions import respond
from fhir_server.interactions.context import Context, Target
from fhir_server.interactions.dispatch import run
from fhir_server.interactions.routes import Handler, find

_MAX_REQUEST_ID = 128


async def answer(base: Base, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer one HTTP request to `base`; whatever happens, with FHIR and without a trace."""
    began = time.perf_counter()
    request_id = request_id_of(scope)
    request: FhirRequest | None = None
    code = "unknown"
    structures = base.context.spec.structures
    try:
        check_url(scope, base.context.limits.max_url_bytes)
        request = read_head(scope, base.path)
        code, handler, target = find(base.routes, request.method, request.path)
        formats.check_answer(request, code, target)
        context = await security.known(base, scope, request, code, target, request_id=request_id)
        # Nobody unknown has a body read.
        if request.method not in WITHOUT_BODY:
            request = await read_body(request, scope, receive, context.limits.max_body_bytes)
        response = await _answered(context, code, handler, request, target)
    except FhirError as failure:
        response = await formats.told(structures, request, respond.error(failure))
    except Exception:  # noqa: BLE001 the last line of defence: nothing of it reaches the caller
        crash_line(request_id)
        response = _crashed(request_id)
    await send_response(scope, send, request, response, request_id)
    seconds = time.perf_counter() - began
    metrics.observe(code, response.status, seconds)
    access_line(request_id, scope["method"], code, (response.status, len(response.body)), seconds)


async def _answered(
    context: Context, code: str, handler: Handler, request: FhirRequest, target: Target
) -> FhirResponse:
    """Run the request, or put it aside, and give the answer in the caller's format."""
    structures = context.spec.structures
    parsed = request
    if request.body:
        parsed = await formats.parsed(structures, request, code, target)
    if later.wanted(code, request):
        aside = await later.put_aside(context, parsed)
        return await formats.told(structures, request, aside)
    response = await run(code, handler, context, parsed, target)
    if formats.is_ready(request, response, code, target):
        return response
    return await formats.rendered(structures, request, response, code, target)


async def not_yet(scope: Scope, send: Send) -> None:
    """Answer 503 while no base is open: the database has not answered since the start."""
    await refused(scope, send, Unavailable("The server waits for its database."))


async def refused(scope: Scope, send: Send, error: FhirError) -> None:
    """Answer a request that gets no further than the door."""
    response, request_id = respond.error(error), request_id_of(scope)
    await send_response(scope, send, None, response, request_id)
    metrics.observe("refused", response.status, 0.0)
    access_line(request_id, scope["method"], "refused", (response.status, len(response.body)), 0.0)


def _crashed(request_id: bytes) -> FhirResponse:
    told = f"The server failed; quote request {request_id.decode()} when reporting it."
    return FhirResponse(500, respond.outcome_body((Issue("exception", told, "", "fatal"),)))


def request_id_of(scope: Scope) -> bytes:
    """Give the caller's X-Request-Id where it can be written, otherwise a new one."""
    for name, value in scope["headers"]:
        if name == b"x-request-id" and len(value) <= _MAX_REQUEST_ID and _printable(value):
            return bytes(value)
    return digits().encode()


def _printable(value: bytes) -> bool:
    return value.isascii() and value.decode().isprintable() and b" " not in value and value != b""
