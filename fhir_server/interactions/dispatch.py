"""From a request, or an entry of a Bundle, to its answer: look up the route, run it."""

from fhir_server.fhir.errors import FhirError, Invalid, TooLarge
from fhir_server.fhir.exchange import FhirRequest, FhirResponse
from fhir_server.interactions import respond
from fhir_server.interactions.context import Context, Target
from fhir_server.interactions.entry import Entry
from fhir_server.interactions.routes import Handler, Routes, find
from fhir_server.interactions.subset import shaped, subset

# Bytes a response Bundle may take before the entries still to be run are refused.
MAX_ANSWER = 64 * 1024 * 1024


async def dispatch(routes: Routes, context: Context, request: FhirRequest) -> FhirResponse:
    """Answer one request; FhirError is for the caller to turn into an outcome."""
    code, handler, target = find(routes, request.method, request.path)
    return await run(code, handler, context, request, target)


async def run(
    code: str, handler: Handler, context: Context, request: FhirRequest, target: Target
) -> FhirResponse:
    """Run what `find` gave: the one place every answer passes, at the door or in a Bundle."""
    part = subset(code, context, request, target)
    answer = await handler(context, request, target)
    return shaped(code, context, answer, part)


async def read_entry(routes: Routes, context: Context, entry: Entry, told: int) -> bytes:
    """Serialise the answer to one entry run on its own, an error as its outcome.

    `told` bytes of answers came before it: past the limit nothing more is run.
    """
    try:
        if told > MAX_ANSWER:
            raise TooLarge("The answers before this entry fill a response; ask again for it.")
        if not entry.path:
            raise Invalid("A Bundle inside a Bundle's entry is not run.")
        answer = await dispatch(routes, context, entry.request)
    except FhirError as failure:
        outcome = respond.outcome_body(failure.issues)
        return b'{"response":{"status":"%d","outcome":%b}}' % (failure.status, outcome)
    return entry.read_answer(answer)
