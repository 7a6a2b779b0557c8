"""The read interaction.

https://hl7.org/fhir/R4/http.html#read
"""

from fhir_server.fhir.errors import Gone, NotFound
from fhir_server.fhir.exchange import FhirRequest, FhirResponse
from fhir_server.interactions import respond
from fhir_server.interactions.context import Context, Target
from fhir_server.interactions.parameters import only
from fhir_server.interactions.write import check_id, check_type


async def read(context: Context, request: FhirRequest, target: Target) -> FhirResponse:
    """Answer with the current version; 304 where the caller has it, 404, or 410."""
    type_, identity = target.type or "", target.id or ""
    check_type(context, type_)
    check_id(identity)
    only(request)
    allow = context.allow("read", type_)
    stored = await context.store.read(allow, type_, identity)
    if stored is None:
        raise NotFound(f"{type_}/{identity} is not known.")
    if stored.deleted:
        raise Gone(f"{type_}/{identity} was deleted.")
    return respond.resource(request, stored)
