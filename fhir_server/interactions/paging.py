"""One page of a search, its links and its total.

https://hl7.org/fhir/R4/http.html#paging and https://hl7.org/fhir/R4/search.html#total
"""

from collections.abc import Sequence
from urllib.parse import urlencode

from fhir_server.fhir.errors import Issue
from fhir_server.interactions import respond
from fhir_server.interactions.context import Context
from fhir_server.search import cursor
from fhir_server.search.condition import Condition, both
from fhir_server.search.cursor import Position
from fhir_server.search.query import SearchQuery
from fhir_server.store.documents import Stored

_TOTAL_MS = 2_000


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


async def total(
    context: Context, query: SearchQuery, allow: Condition, issues: list[Issue]
) -> int | None:
    """Count the matches if that is asked for; what has to be said of the number joins `issues`."""
    if query.total == "none" and query.count > 0:
        return None
    counted = await context.store.count(allow, query.type, query.condition, _TOTAL_MS)
    if counted is None:
        told = "Counting took too long; the total is left out. Narrow the search."
        issues.append(Issue("too-costly", told, severity="warning"))
    return counted


def links(context: Context, query: SearchQuery, next_page: str | None) -> list[tuple[str, str]]:
    """Give the self link, which repeats what was applied, and the next one."""
    applied = [pair for pair in query.applied if pair[0] != "_page"]
    here = [*applied, ("_page", query.after)] if query.after else applied
    found = [("self", _url(context, query.path, here))]
    if next_page is not None:
        found.append(("next", _url(context, query.path, [*applied, ("_page", next_page)])))
    return found


def _url(context: Context, path: str, parameters: Sequence[tuple[str, str]]) -> str:
    query = f"?{urlencode(parameters)}" if parameters else ""
    return f"{context.base_url}/{path}".removesuffix("/") + query
