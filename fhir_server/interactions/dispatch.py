"""From a request, or an entry of a Bundle, to its answer: look up the route, run it."""

from fhir_server.fhir.errors import FhirError, Invalid
from fhir_server.fhir.exchange import FhirRequest, FhirResponse
from fhir_server.interactions.audit import Note, noting, stands
from fhir_server.interactions.authority import admitted
from fhir_server.interactions.context import Context, Target
from fhir_server.interactions.entry import Entry
from fhir_server.interactions.routes import Handler, Routes, find
from fhir_server.interactions.search_parameters import heard
from fhir_server.interactions.subset import shaped, subset


async def dispatch(routes: Routes, context: Context, request: FhirRequest) -> FhirResponse:
    """Answer one request; FhirError is for the caller to turn into an outcome."""
    code, handler, target = find(routes, request.method, request.path)
    return await run(code, handler, context, request, target)


async def run(
    code: str, handler: Handler, context: Context, request: FhirRequest, target: Target
) -> FhirResponse:
    """Run what `find` gave: the one place every answer passes, at the door or in a Bundle.

    What is answered or refused is noted before it leaves.
    """
    note = noting(context, code, request, target)
    if note is None:
        return await _run(code, handler, context, request, target)
    try:
        answer = await _run(code, handler, context, request, target, note=note)
    except FhirError as failure:
        await note.refused(failure)
        raise
    await note.answered()
    return answer


async def _run(
    code: str,
    handler: Handler,
    context: Context,
    request: FhirRequest,
    target: Target,
    *,
    note: Note | None = None,
) -> FhirResponse:
    stands(context, code, target.type)
    part = subset(code, context, request, target)
    context = await admitted(context, code, request, target)
    if note:
        context = note.watching(context)
    answer = await handler(context, request, target)
    if context.store.definitions.changed.is_set():
        await heard(context)
    return shaped(code, context, answer, part) if part else answer


async def run_entry(routes: Routes, context: Context, entry: Entry) -> FhirResponse:
    """Answer an entry of a Bundle that is run on its own; a Bundle in it is not."""
    if not entry.path and entry.method == "POST":
        raise Invalid("A Bundle inside a Bundle's entry is not run.")
    return await dispatch(routes, context, entry.request)
