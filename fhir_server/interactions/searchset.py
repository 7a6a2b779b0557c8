"""The answer to a search: its matches, what they bring along, and what has to be said of them.

https://hl7.org/fhir/R4/bundle.html#searchset
"""

from collections.abc import Iterable, Sequence

from fhir_server.fhir import bundle, dates
from fhir_server.fhir.errors import Issue
from fhir_server.fhir.exchange import FhirResponse
from fhir_server.interactions import includes, paging, respond
from fhir_server.interactions.context import Context
from fhir_server.interactions.paging import Found
from fhir_server.search.query import SearchQuery
from fhir_server.store.documents import Stored


async def searchset(
    context: Context,
    query: SearchQuery,
    found: Found,
    issues: Sequence[Issue],
    *,
    total: int | None,
) -> FhirResponse:
    """Give the answer: the matches, what they bring along, and what has to be said of them."""
    included, cut = await includes.included(context, query.includes, found.rows, found.fields)
    start = bundle.head(
        "searchset",
        identity=context.new_id(),
        updated=dates.instant(context.now()),
        links=paging.links(context, query, found),
        total=total,
    )
    pieces = _entries(context, found.rows, "match") + _entries(context, included, "include")
    if told := [*issues, *cut]:
        pieces += (b",", bundle.outcome_entry(respond.outcome_body(told)))
    return FhirResponse(200, bundle.spliced(start, pieces))


def outdated(context: Context, types: Iterable[str]) -> list[Issue]:
    """Give the warning that matches may be missing, where a type is in an older format."""
    return [_OUTDATED] if context.outdated.intersection(types) else []


def _entries(context: Context, found: Sequence[Stored], mode: str) -> list[bytes]:
    base = context.base_url
    urls = [f"{base}/{one.type}/{one.id}" for one in found]
    return bundle.search_entries(urls, [one.body or b"" for one in found], mode)


_OUTDATED = Issue(
    "incomplete",
    "Part of what is asked is indexed in an older format; matches may be missing until "
    "`$reindex` or `fhir-server indexes --reindex` has run.",
    severity="warning",
)
