"""The vread interaction: one version.

https://hl7.org/fhir/R4/http.html#vread
"""

from fhir_server.fhir.errors import Gone, NotFound
from fhir_server.fhir.exchange import FhirRequest, FhirResponse
from fhir_server.interactions import respond
from fhir_server.interactions.context import Context, Target
from fhir_server.interactions.parameters import only
from fhir_server.interactions.write import check_id, check_type


async def vread(context: Context, request: FhirRequest, target: Target) -> FhirResponse:
    """Answer with the version named; 304 if the caller has it, 404 or 410 (it is a deletion)."""
    type_, identity, version = target.type or "", target.id or "", target.version or ""
    check_type(context, type_)
    check_id(identity)
    only(request)
    allow = context.allow("vread", type_)
    number = respond.version_number(version)
    stored = await context.store.vread(allow, type_, identity, number) if number else None
    if stored is None:
        raise NotFound(f"{type_}/{identity} has no version {version[:16]!r}.")
    if stored.deleted:
        raise Gone(f"Version {number} of {type_}/{identity} is its deletion.")
    return respond.resource(request, stored)
