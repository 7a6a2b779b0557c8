"""The create interaction, plain and conditional.

https://hl7.org/fhir/R4/http.html#create
"""

from fhir_server.fhir.exchange import FhirRequest, FhirResponse
from fhir_server.interactions import plan, respond
from fhir_server.interactions.context import Context, Target
from fhir_server.interactions.parameters import only
from fhir_server.interactions.single import commit_one
from fhir_server.interactions.write import check_type, checked, resource_of


async def create(context: Context, request: FhirRequest, target: Target) -> FhirResponse:
    """Store a new resource under an id of ours: 201; 200 with the one If-None-Exist found."""
    type_ = target.type or ""
    check_type(context, type_)
    only(request)
    write = plan.Write(
        "POST",
        type_,
        context.new_id(),
        checked(context, type_, resource_of(request)),
        if_none_exist=request.headers.get("if-none-exist"),
    )
    stored, changed = await commit_one(context, "create", write)
    return respond.written(context.base_url, request, stored, status=201 if changed else 200)
