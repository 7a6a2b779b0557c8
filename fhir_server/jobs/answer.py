"""What a caller is told of a job: accepted, under way, or its answer in a Bundle.

https://hl7.org/fhir/R5/async-bundle.html
"""

import base64
from email.utils import format_datetime

from fhir_server.fhir import bundle, dates, json
from fhir_server.fhir.errors import Issue
from fhir_server.fhir.exchange import FhirResponse
from fhir_server.interactions import respond
from fhir_server.interactions.context import Context
from fhir_server.interactions.entry import response_of
from fhir_server.jobs import queue
from fhir_server.jobs.queue import Job

STATUS = "$async-status"
# Seconds until it is worth asking again.
_AGAIN = "2"
# Bytes of a progress text in a header.
_LONGEST = 100
_OUTCOME = b'{"resourceType":"OperationOutcome"'


def accepted(context: Context, id_: str) -> FhirResponse:
    """Answer 202 with the address where the job can be asked for."""
    told = "The request is on the queue; ask at the address in Content-Location."
    issue = Issue("informational", told, severity="information")
    where = ("Content-Location", f"{context.base_url}/{STATUS}?job={id_}")
    return FhirResponse(202, respond.outcome_body((issue,)), (where,))


def under_way(job: Job) -> FhirResponse:
    """Answer 202 with how far the job is."""
    told = job.progress.encode("ascii", "replace").decode()[:_LONGEST]
    return FhirResponse(202, b"", (("X-Progress", told), ("Retry-After", _AGAIN)))


async def ended(context: Context, job: Job) -> FhirResponse:
    """Answer with a batch-response Bundle: its one entry is the job's answer."""
    body = bundle.bundle(
        "batch-response",
        [_entry(await queue.answer(context, job))],
        identity=job.id,
        updated=dates.instant(context.now()),
    )
    return FhirResponse(200, body, (("Expires", format_datetime(job.expires, usegmt=True)),))


def _entry(answer: FhirResponse) -> bytes:
    told = response_of(answer)
    if answer.body.startswith(_OUTCOME):
        return bundle.response_entry(None, None, told, answer.body)
    return bundle.response_entry(None, _resource(answer), told)


def _resource(answer: FhirResponse) -> bytes | None:
    """Give the resource answered; bytes of another format as a Binary."""
    if not answer.body or answer.content_type.startswith("application/fhir+json"):
        return answer.body or None
    data = base64.b64encode(answer.body).decode()
    content_type = answer.content_type.partition(";")[0]
    return json.dump({"resourceType": "Binary", "contentType": content_type, "data": data})
