"""One page of a search and its links.

https://hl7.org/fhir/R4/http.html#paging
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from fhir_server.interactions import respond
from fhir_server.interactions.context import Context
from fhir_server.search import cursor
from fhir_server.search.condition import Condition, both
from fhir_server.search.cursor import Position, Step
from fhir_server.search.query import SearchQuery
from fhir_server.store.documents import Page, Stored


@dataclass(frozen=True, slots=True)
class Found:
    """The rows of one page, and the texts of its links' `_page`: None where there is no page."""

    rows: tuple[Stored, ...] = ()
    next: str | None = None
    previous: str | None = None


async def page(context: Context, query: SearchQuery, allow: Condition) -> Found:
    """Give one page; it is empty only where nothing follows, or nothing is asked for."""
    if query.count == 0:
        return Found()
    position = cursor.unseal(context.cursor_key, query)
    start = position or Position(0, bound=context.now())
    rows: list[Stored] = []
    edges: list[Position] = []
    more = False
    for step in cursor.steps(query.sort, start):
        # A step more than is needed is asked for no row, to know whether there is a next page.
        got = await _step(context, query, allow, step, query.count - len(rows))
        rows += got.found
        edges += [replace(start, step=step.number, values=ends) for ends in (got.first, got.last)]
        edges = [edge for edge in edges if edge.values]
        more = got.more
        if more:
            break
    ahead = edges[-1] if more else None
    behind = _turned(start, edges) if position and (position.values or position.back) else None
    if start.back:
        ahead, behind, rows = behind, ahead, rows[::-1]
    return Found(tuple(rows), sealed(context, query, ahead), sealed(context, query, behind))


async def _step(
    context: Context, query: SearchQuery, allow: Condition, step: Step, limit: int
) -> Page:
    return await context.store.search(
        allow,
        query.type,
        both(query.condition, step.condition),
        step.sort,
        limit,
        size=respond.PAGE,
        computed=step.computed,
        rest=step.rest,
    )


def _turned(start: Position, edges: Sequence[Position]) -> Position:
    """Give where the way back begins: at the page's first row; from the far end without one."""
    edge = edges[0] if edges else replace(start, values=())
    return replace(edge, back=not start.back)


def sealed(context: Context, query: SearchQuery, position: Position | None) -> str | None:
    """Give the text of `_page` that leads to a position, None for none."""
    return cursor.seal(context.cursor_key, query, position) if position else None


def links(context: Context, query: SearchQuery, found: Found) -> list[tuple[str, str]]:
    """Give the self link, which repeats what was applied, and those to the pages around."""
    applied = [pair for pair in query.applied if pair[0] != "_page"]
    pages = [("self", query.after), ("next", found.next), ("previous", found.previous)]
    told = [
        (relation, _url(context, query.path, [*applied, *([("_page", text)] if text else ())]))
        for relation, text in pages
        if text or relation == "self"
    ]
    if found.previous:
        told.append(("first", _url(context, query.path, applied)))
    return told


def _url(context: Context, path: str, parameters: Sequence[tuple[str, str]]) -> str:
    query = f"?{urlencode(parameters)}" if parameters else ""
    return f"{context.base_url}/{path}".removesuffix("/") + query
