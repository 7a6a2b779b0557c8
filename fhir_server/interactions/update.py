"""The update interaction.

https://hl7.org/fhir/R4/http.html#update
"""

from fhir_server.fhir.errors import Invalid
from fhir_server.fhir.exchange import FhirRequest, FhirResponse
from fhir_server.interactions import respond
from fhir_server.interactions.context import Context, Target
from fhir_server.interactions.parameters import only
from fhir_server.interactions.plan import Write
from fhir_server.interactions.single import commit_one
from fhir_server.interactions.write import check_id, check_type, checked, resource_of


async def update(context: Context, request: FhirRequest, target: Target) -> FhirResponse:
    """Store a new version: 200, or 201 where the id was not in use; 412 on a stale If-Match."""
    type_, identity = target.type or "", target.id or ""
    check_type(context, type_)
    check_id(identity)
    only(request)
    resource = checked(context, type_, resource_of(request))
    if resource.get("id") != identity:
        raise Invalid(
            f"The resource's id is {resource.get('id')!r}, the URL's is {identity!r}; "
            "an update needs both to be the same.",
            expression=f"{type_}.id",
        )
    expected = respond.expected_version(request.headers.get("if-match"))
    write = Write("PUT", type_, identity, resource, expected)
    stored, changed = await commit_one(context, "update", write)
    status = 201 if changed and stored.created else 200
    return respond.written(context.base_url, request, stored, status=status)
