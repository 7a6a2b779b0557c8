"""`Prefer: respond-async` at the door: the request becomes a job, the answer is where to ask.

https://www.rfc-editor.org/rfc/rfc7240#section-4.1
"""

from msgspec import structs

from fhir_server.fhir.exchange import FhirRequest, FhirResponse
from fhir_server.interactions.context import Context
from fhir_server.jobs import answer, request

# What answers at once, or is a job by itself, is not put aside.
_NEVER = frozenset({"$async-status", "$reindex"})


def wanted(code: str, asked: FhirRequest) -> bool:
    """Say whether this request is to be answered later."""
    prefer = asked.headers.get("prefer", "").lower()
    if "respond-async" not in prefer or code in _NEVER:
        return False
    return "respond-async" in {part.strip() for part in prefer.replace(";", ",").split(",")}


async def put_aside(context: Context, asked: FhirRequest) -> FhirResponse:
    """Put the request on the queue and answer 202; TooManyRequests where the queue is full."""
    response = answer.accepted(context, await request.put(context, asked))
    return structs.replace(
        response, headers=(*response.headers, ("Preference-Applied", "respond-async"))
    )
