"""The delete interaction.

https://hl7.org/fhir/R4/http.html#delete
"""

from fhir_server.fhir.exchange import FhirRequest, FhirResponse
from fhir_server.interactions import respond
from fhir_server.interactions.context import Context, Target
from fhir_server.interactions.parameters import only
from fhir_server.interactions.plan import Write
from fhir_server.interactions.single import commit_one
from fhir_server.interactions.write import check_id, check_type


async def delete(context: Context, request: FhirRequest, target: Target) -> FhirResponse:
    """Delete the resource, its history stays: 204, the second time too; 404 if it never was."""
    type_, identity = target.type or "", target.id or ""
    check_type(context, type_)
    check_id(identity)
    only(request)
    expected = respond.expected_version(request.headers.get("if-match"))
    write = Write("DELETE", type_, identity, expected=expected)
    stored, _ = await commit_one(context, "delete", write)
    return FhirResponse(204, b"", [("ETag", respond.etag(stored.version))])
