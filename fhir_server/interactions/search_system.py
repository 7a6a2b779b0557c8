"""The search interaction on the whole base, by GET and by POST.

https://hl7.org/fhir/R4/http.html#search
"""

from fhir_server.fhir.exchange import FhirRequest, FhirResponse
from fhir_server.interactions import across
from fhir_server.interactions.context import Context, Target
from fhir_server.search.condition import Everything


async def search_system(context: Context, request: FhirRequest, _: Target) -> FhirResponse:
    """Answer with a page of every type, or of those `_type` names."""
    context.allow("search-system", None)
    return await across.search(context, request, "", context.spec.types, lambda _: Everything())
