"""The search interaction on one type, by GET and by POST.

https://hl7.org/fhir/R4/http.html#search
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from fhir_server.fhir import bundle, dates
from fhir_server.fhir.errors import Issue
from fhir_server.fhir.exchange import FhirRequest, FhirResponse
from fhir_server.interactions import cost, includes, paging, questions, respond, totals
from fhir_server.interactions.context import Context, Target
from fhir_server.interactions.parameters import searched
from fhir_server.interactions.write import check_type
from fhir_server.search.query import SearchQuery
from fhir_server.store.documents import Stored


async def search(context: Context, request: FhirRequest, target: Target) -> FhirResponse:
    """Answer with a page of matches, what they bring along, and links to the pages around.

    Unknown parameters are a 400.
    """
    type_ = target.type or ""
    check_type(context, type_)
    allow = context.allow("search-type", type_)
    query = read_query(context, request, type_)
    condition = await questions.settled(context, type_, query.condition)
    query = replace(query, condition=condition)
    issues = [*query.issues, *await cost.weighed(context, query, allow)]
    with cost.timed(context, query, allow):
        total = await totals.total(context, query, allow, issues)
        found = await paging.page(context, query, allow)
        included, cut = await includes.included(context, query.includes, found.rows)
    issues += cut
    if type_ in context.outdated:
        issues.append(_OUTDATED)
    matched = _entries(context, found.rows, "match")
    brought = _entries(context, included, "include")
    body = bundle.bundle(
        "searchset",
        [*matched, *brought, *_warnings(issues)],
        identity=context.new_id(),
        updated=dates.instant(context.now()),
        links=paging.links(context, query, found),
        total=total,
    )
    return FhirResponse(200, body)


def read_query(context: Context, request: FhirRequest, type_: str) -> SearchQuery:
    """Give the parsed search; Invalid names every parameter that is not known or not readable."""
    strict = respond.strict(request, default=context.limits.strict_search)
    return searched(context, type_, request.parameters, strict=strict)


def _entries(context: Context, found: Sequence[Stored], mode: str) -> Iterator[bytes]:
    for stored in found:
        url = f"{context.base_url}/{stored.type}/{stored.id}"
        yield bundle.search_entry(url, stored.body or b"", mode)


def _warnings(issues: Sequence[Issue]) -> Iterator[bytes]:
    if issues:
        yield bundle.outcome_entry(respond.outcome_body(issues))


_OUTDATED = Issue(
    "incomplete",
    "Part of this type is indexed in an older format; matches may be missing until "
    "`$reindex` or `fhir-server indexes --reindex` has run.",
    severity="warning",
)
