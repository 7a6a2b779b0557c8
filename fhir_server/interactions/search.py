"""The search interaction on one type, by GET and by POST.

https://hl7.org/fhir/R4/http.html#search
"""

from collections.abc import Iterator, Sequence
from urllib.parse import urlencode

from fhir_server.fhir import bundle, dates
from fhir_server.fhir.errors import Issue
from fhir_server.fhir.exchange import FhirRequest, FhirResponse
from fhir_server.interactions import respond
from fhir_server.interactions.context import Context, Target
from fhir_server.interactions.parameters import searched
from fhir_server.interactions.write import check_type
from fhir_server.search import cursor
from fhir_server.search.condition import Condition, both
from fhir_server.search.cursor import Position
from fhir_server.search.query import SearchQuery
from fhir_server.store.documents import Stored

_TOTAL_MS = 2_000


async def search(context: Context, request: FhirRequest, target: Target) -> FhirResponse:
    """Answer with one page of matches and the link to the next; unknown parameters are a 400."""
    type_ = target.type or ""
    check_type(context, type_)
    allow = context.allow("search-type", type_)
    query = read_query(context, request, type_)
    issues = list(query.issues)
    total = await _total(context, query, allow, issues)
    found, next_page = await page(context, query, allow)
    if type_ in context.outdated:
        issues.append(_OUTDATED)
    body = bundle.bundle(
        "searchset",
        [*_matches(context, found), *_warnings(issues)],
        identity=context.new_id(),
        updated=dates.instant(context.now()),
        links=_links(context, query, next_page),
        total=total,
    )
    return FhirResponse(200, body)


def read_query(context: Context, request: FhirRequest, type_: str) -> SearchQuery:
    """Give the parsed search; Invalid names every parameter that is not known or not readable."""
    strict = respond.strict(request, default=context.limits.strict_search)
    return searched(context, type_, request.parameters, strict=strict)


async def page(
    context: Context, query: SearchQuery, allow: Condition
) -> tuple[list[Stored], str | None]:
    """Give the rows of one page and the text of the next link's `_page`, None at the end."""
    found: list[Stored] = []
    if query.count == 0:
        return found, None
    position = cursor.unseal(context.cursor_key, query)
    now = context.now()
    steps = cursor.steps(query.sort, position, bound=now)
    for step in steps:
        missing = query.count - len(found)
        rows = await context.store.search(
            allow,
            query.type,
            both(query.condition, step.condition),
            step.sort,
            missing,
            size=respond.PAGE,
        )
        found += rows.found
        if rows.more or (len(found) == query.count and step is not steps[-1]):
            bound = position.bound if position else now
            last = Position(step.number, rows.last, bound)
            return found, cursor.seal(context.cursor_key, query, last)
    return found, None


async def _total(
    context: Context, query: SearchQuery, allow: Condition, issues: list[Issue]
) -> int | None:
    if query.total == "none" and query.count > 0:
        return None
    total = await context.store.count(allow, query.type, query.condition, _TOTAL_MS)
    if total is None:
        told = "Counting took too long; the total is left out. Narrow the search."
        issues.append(Issue("too-costly", told, severity="warning"))
    return total


def _matches(context: Context, found: Sequence[Stored]) -> Iterator[bytes]:
    for stored in found:
        url = f"{context.base_url}/{stored.type}/{stored.id}"
        yield bundle.search_entry(url, stored.body or b"")


def _warnings(issues: Sequence[Issue]) -> Iterator[bytes]:
    if issues:
        yield bundle.outcome_entry(respond.outcome_body(issues))


def _links(context: Context, query: SearchQuery, next_page: str | None) -> list[tuple[str, str]]:
    applied = [pair for pair in query.applied if pair[0] != "_page"]
    here = [*applied, ("_page", query.after)] if query.after else applied
    links = [("self", _url(context, query.type, here))]
    if next_page is not None:
        links.append(("next", _url(context, query.type, [*applied, ("_page", next_page)])))
    return links


def _url(context: Context, type_: str, parameters: Sequence[tuple[str, str]]) -> str:
    query = f"?{urlencode(parameters)}" if parameters else ""
    return f"{context.base_url}/{type_}{query}"


_OUTDATED = Issue(
    "incomplete",
    "Part of this type is indexed in an older format; matches may be missing until "
    "`$reindex` or `fhir-server indexes --reindex` has run.",
    severity="warning",
)
