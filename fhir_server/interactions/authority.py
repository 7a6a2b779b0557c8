"""What one request may reach, looked up before it is run: care relations, consents, labels."""

from fhir_server.fhir.exchange import FhirRequest
from fhir_server.interactions.context import Context, Target


async def admitted(context: Context, code: str, request: FhirRequest, target: Target) -> Context:
    """Give the context of a caller whose `reach` is known; `code` is the interaction's."""
    del code, request, target
    return context
