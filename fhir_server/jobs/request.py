"""The kind of job that is a request: put aside at the door, answered by the same route table.

https://hl7.org/fhir/R5/async-bundle.html
"""

from typing import Any

from fhir_server.fhir import json
from fhir_server.fhir.errors import FhirError, Unavailable
from fhir_server.fhir.exchange import FhirRequest, FhirResponse
from fhir_server.interactions import respond
from fhir_server.interactions.context import Context
from fhir_server.interactions.dispatch import dispatch
from fhir_server.interactions.routes import Routes
from fhir_server.jobs import queue
from fhir_server.jobs.worker import Kind, Work

KIND = "request"


async def put(context: Context, request: FhirRequest) -> str:
    """Put a request on the queue and give the job's id."""
    parsed = request.resource is not None
    told = {
        "method": request.method,
        "path": request.path,
        "parameters": request.parameters,
        "headers": request.headers,
        "parsed": parsed,
    }
    body = json.dump(request.resource) if parsed else request.body
    return await queue.put(context, KIND, told, body)


def kind(routes: Routes) -> Kind:
    """Give the kind that runs requests through this route table."""

    async def run(work: Work) -> FhirResponse:
        request = _request(work.job.id, work.job.input, await work.body())
        try:
            return await dispatch(routes, work.context, request)
        except Unavailable:
            raise
        except FhirError as failure:
            return respond.error(failure)

    return run


def _request(job: str, told: dict[str, Any], body: bytes) -> FhirRequest:
    # A worker that died between its commit and its answer must not write twice.
    headers = {"idempotency-key": job, **told["headers"]}
    parameters = tuple((name, value) for name, value in told["parameters"])
    parsed = json.parse_object(body) if told["parsed"] else None
    return FhirRequest(
        told["method"], told["path"], parameters, headers, b"" if parsed else body, parsed
    )
