"""The search interaction on one type, by GET and by POST.

https://hl7.org/fhir/R4/http.html#search
"""

from collections.abc import Sequence
from urllib.parse import urlencode

from fhir_server.fhir import bundle, dates
from fhir_server.fhir.errors import Issue
from fhir_server.fhir.exchange import FhirRequest, FhirResponse
from fhir_server.interactions import respond
from fhir_server.interactions.context import Context, Target
from fhir_server.interactions.write import check_type
from fhir_server.search import cursor
from fhir_server.search.condition import both
from fhir_server.search.parse import parse
from fhir_server.search.query import SearchQuery
from fhir_server.store.documents import Page


async def search(context: Context, request: FhirRequest, target: Target) -> FhirResponse:
    """Answer with one page of matches and the link to the next; unknown parameters are a 400."""
    type_ = target.type or ""
    check_type(context, type_)
    query = parse(
        context.spec,
        type_,
        request.parameters,
        base_urls=(context.base_url,),
        zone=context.zone,
        strict=respond.strict(request, default=context.limits.strict_search),
        default_count=context.limits.default_count,
        max_count=context.limits.max_count,
    )
    allow = context.allow("search-type", type_)
    total = await _total(context, query, allow)
    page = Page((), more=False) if query.count == 0 else await _page(context, query, allow)
    issues = [*query.issues, *await _outdated(context, type_)]
    body = bundle.bundle(
        "searchset",
        _entries(context, page, issues),
        identity=context.new_id(),
        updated=dates.instant(context.store.now()),
        links=_links(context, query, page),
        total=total,
    )
    return FhirResponse(200, body)
