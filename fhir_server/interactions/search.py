"""The search interaction on one type, by GET and by POST.

https://hl7.org/fhir/R4/http.html#search
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from fhir_server.fhir import bundle, dates
from fhir_server.fhir.errors import Issue
from fhir_server.fhir.exchange import FhirRequest, FhirResponse
from fhir_server.interactions import includes, paging, questions, respond
from fhir_server.interactions.context import Context, Target
from fhir_server.interactions.parameters import searched
from fhir_server.interactions.write import check_type
from fhir_server.search.condition import Condition, both
from fhir_server.search.query import SearchQuery
from fhir_server.store.documents import Stored


async def search(context: Context, request: FhirRequest, target: Target) -> FhirResponse:
    """Answer with a page of matches, what they bring along, and the link to the next page.

    Unknown parameters are a 400.
    """
    type_ = target.type or ""
    check_type(context, type_)
    allow = context.allow("search-type", type_)
    return await answer(context, read_query(context, request, type_), allow)


async def answer(context: Context, query: SearchQuery, allow: Condition) -> FhirResponse:
    """Answer a search on one type with a page of what the caller may see."""
    condition = await questions.settled(context, query.type, query.condition)
    query = replace(query, condition=condition)
    issues = list(query.issues)
    total = await paging.total(context, query, allow, issues)
    found, next_page = await paging.page(context, query, allow)
    issues += outdated(context, [query.type])
    links = paging.links(context, query, next_page)
    return await searchset(context, query, found, issues, links=links, total=total)


async def searchset(
    context: Context,
    query: SearchQuery,
    found: Sequence[Stored],
    issues: Sequence[Issue],
    *,
    links: Sequence[bundle.Link],
    total: int | None,
) -> FhirResponse:
    """Give the answer: the matches, what they bring along, and what has to be said of them."""
    included, cut = await includes.included(context, query.includes, found)
    matched, brought = _entries(context, found, "match"), _entries(context, included, "include")
    body = bundle.bundle(
        "searchset",
        [*matched, *brought, *_warnings([*issues, *cut])],
        identity=context.new_id(),
        updated=dates.instant(context.now()),
        links=links,
        total=total,
    )
    return FhirResponse(200, body)


def outdated(context: Context, types: Iterable[str]) -> list[Issue]:
    """Give the warning that matches may be missing, where a type is in an older format."""
    return [_OUTDATED] if context.outdated.intersection(types) else []


def read_query(context: Context, request: FhirRequest, type_: str) -> SearchQuery:
    """Give the parsed search; Invalid names every parameter that is not known or not readable."""
    strict = respond.strict(request, default=context.limits.strict_search)
    return searched(context, type_, request.parameters, strict=strict)


def placed(
    query: SearchQuery, path: str, within: Condition, first: Sequence[tuple[str, str]] = ()
) -> SearchQuery:
    """Give the search as asked at `path`, no further than `within`, `first` leading its links."""
    condition = both(query.condition, within)
    return replace(query, path=path, condition=condition, applied=(*first, *query.applied))


def _entries(context: Context, found: Sequence[Stored], mode: str) -> Iterator[bytes]:
    for stored in found:
        url = f"{context.base_url}/{stored.type}/{stored.id}"
        yield bundle.search_entry(url, stored.body or b"", mode)


def _warnings(issues: Sequence[Issue]) -> Iterator[bytes]:
    if issues:
        yield bundle.outcome_entry(respond.outcome_body(issues))


_OUTDATED = Issue(
    "incomplete",
    "Part of what is asked is indexed in an older format; matches may be missing until "
    "`$reindex` or `fhir-server indexes --reindex` has run.",
    severity="warning",
)
