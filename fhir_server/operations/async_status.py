"""The operation `$async-status`: how far a job is, its answer, its end.

https://hl7.org/fhir/R5/async-bundle.html
"""

from fhir_server.fhir.errors import Invalid, NotFound
from fhir_server.fhir.exchange import FhirRequest, FhirResponse
from fhir_server.interactions.context import Context, Target
from fhir_server.interactions.operation import Operation
from fhir_server.interactions.parameters import only
from fhir_server.jobs import answer, queue


async def status(context: Context, request: FhirRequest, _: Target) -> FhirResponse:
    """Answer GET with the progress or the answer of the caller's own job; DELETE ends it.

    Raises NotFound for a job that is not there, is another caller's, or was deleted.
    """
    id_ = only(request, "job").get("job")
    if not id_:
        raise Invalid("The parameter job must name a job.", code="required")
    if request.method == "DELETE":
        if not await queue.cancel(context, id_):
            raise _none(id_)
        return FhirResponse(202)
    job = await queue.find(context, id_)
    if job is None:
        raise _none(id_)
    return await answer.ended(context, job) if job.ended else answer.under_way(job)


def _none(id_: str) -> NotFound:
    return NotFound(f"There is no job {id_[:64]!r} of yours; answers are kept for a time only.")


OPERATION = Operation(
    name="async-status",
    level="system",
    handler=status,
    definition="http://fhir-server.vn/OperationDefinition/async-status",
    methods=("GET", "DELETE"),
    documentation="Progress, answer and end of a job that `Prefer: respond-async` put aside.",
)
