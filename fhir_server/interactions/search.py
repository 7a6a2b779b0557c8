"""The search interaction on one type, by GET and by POST.

https://hl7.org/fhir/R4/http.html#search
"""

from collections.abc import Sequence

from msgspec import structs

from fhir_server.fhir.exchange import FhirRequest, FhirResponse
from fhir_server.interactions import contained, cost, paging, questions, respond, totals
from fhir_server.interactions.context import Context, Target
from fhir_server.interactions.parameters import searched
from fhir_server.interactions.searchset import outdated, searchset
from fhir_server.interactions.write import check_type
from fhir_server.search.condition import Condition, both
from fhir_server.search.query import SearchQuery


async def search(context: Context, request: FhirRequest, target: Target) -> FhirResponse:
    """Answer with a page of matches, what they bring along, and links to the pages around.

    Unknown parameters are a 400.
    """
    type_ = target.type or ""
    check_type(context, type_)
    allow = context.allow("search-type", type_)
    return await answer(context, read_query(context, request, type_), allow)


async def answer(context: Context, query: SearchQuery, allow: Condition) -> FhirResponse:
    """Answer a search on one type with a page of what the caller may see."""
    if query.contained != "false":
        return await contained.search(context, query)
    condition = await questions.settled(context, query.type, query.condition)
    if condition is not query.condition:
        query = structs.replace(query, condition=condition)
    issues = [*query.issues, *await cost.weighed(context, query, allow)]
    with cost.timed(context, query, allow):
        total = await totals.total(context, query, allow, issues)
        found = await paging.page(context, query, allow)
        issues += outdated(context, [query.type])
        return await searchset(context, query, found, issues, total=total)


def read_query(context: Context, request: FhirRequest, type_: str) -> SearchQuery:
    """Give the parsed search; Invalid names every parameter that is not known or not readable."""
    strict = respond.strict(request, default=context.limits.strict_search)
    return searched(context, type_, request.parameters, strict=strict)


def placed(
    query: SearchQuery, path: str, within: Condition, first: Sequence[tuple[str, str]] = ()
) -> SearchQuery:
    """Give the search as asked at `path`, no further than `within`, `first` leading its links."""
    condition = both(query.condition, within)
    return structs.replace(query, path=path, condition=condition, applied=(*first, *query.applied))
