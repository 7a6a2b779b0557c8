"""From a request, or an entry of a Bundle, to its answer: look up the route, run it."""

from fhir_server.fhir.errors import FhirError, Invalid
from fhir_server.fhir.exchange import FhirRequest, FhirResponse
from fhir_server.interactions.audit import noting, stands
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
    try:
        stands(context, code, target.type)
        part = subset(code, context, request, target)
        context = await admitted(context, code, request, target)
        if note:
            context = note.watching(context)
        answer = await handler(context, request, target)
        if context.store.definitions.changed.is_set():
            await heard(context)
        if part:
            answer = shaped(code, context, answer, part)
    except FhirError as failure:
        if note:
            await note.refused(failure)
        raise
    if note:
        await note.answered()
    return answer


async def run_entry(routes: Routes, context: Context, entry: Entry) -> FhirResponse:
    """Answer an entry of a Bundle that is run on its own; a Bundle in it is not."""
    if not entry.path and entry.method == "POST":
        raise Invalid("A Bundle inside a Bundle's entry is not run.")
    return await dispatch(routes, context, entry.request)
