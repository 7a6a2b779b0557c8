"""One page of what several types are asked, merged into one order.

Each type is asked for the keys of its first rows; the first of all of them are the page.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from fhir_server.fhir.errors import Issue
from fhir_server.fhir.exchange import FhirResponse
from fhir_server.interactions import paging, respond
from fhir_server.interactions.context import Context
from fhir_server.interactions.searchset import outdated, searchset
from fhir_server.search import cursor
from fhir_server.search.condition import AnyOf, Between, Condition, Everything, both
from fhir_server.search.cursor import Position
from fhir_server.search.merged import Order, Row
from fhir_server.search.query import SearchQuery
from fhir_server.store.documents import Stored

Shown: TypeAlias = Callable[[Sequence[Stored]], list[Stored]]


@dataclass(frozen=True, slots=True)
class Part:
    """What is asked of one type, and what of it the caller may see."""

    type: str
    condition: Condition
    allow: Condition


async def answer(
    context: Context,
    query: SearchQuery,
    order: Order,
    parts: Sequence[Part],
    shown: Shown = list,
) -> FhirResponse:
    """Answer with a page of what the parts find, in their order; `shown` gives what is told of it.

    The parts stand in the order of their types.
    """
    issues = list(query.issues)
    total = await _total(context, query, parts, issues)
    found, next_page = await _page(context, query, order, parts)
    issues += outdated(context, [part.type for part in parts])
    links = paging.links(context, query, next_page)
    return await searchset(context, query, shown(found), issues, links=links, total=total)


async def _total(
    context: Context, query: SearchQuery, parts: Sequence[Part], issues: list[Issue]
) -> int | None:
    """Count the matches of all types if that is asked for; None where one took too long."""
    counted: int | None = None if query.total == "none" and query.count > 0 else 0
    for part in parts:
        if counted is not None:
            asked = replace(query, type=part.type, condition=part.condition)
            found = await paging.total(context, asked, part.allow, issues)
            counted = None if found is None else counted + found
    return counted


async def _page(
    context: Context, query: SearchQuery, order: Order, parts: Sequence[Part]
) -> tuple[list[Stored], str | None]:
    """Give the resources of a page, and the text of the next link's `_page`, None at the end."""
    if query.count == 0:
        return [], None
    position = cursor.unseal(context.cursor_key, query)
    bound = (position.bound if position else None) or context.now()
    rows: list[Row] = []
    for part in parts:
        missing = query.count + 1 - (len(rows) if order.by_type else 0)
        if missing > 0:
            rest = order.behind(position.values, part.type) if position else Everything()
            # A walk in the order of time would otherwise run after its own tail.
            until = Between("ts", None, bound + 1) if "ts" in order.fields else Everything()
            asked = both(part.condition, rest, until)
            keys = await context.store.keys(part.allow, part.type, asked, order.sort, missing)
            rows += [order.row(part.type, *key) for key in keys]
    rows.sort(reverse=order.descending)
    found, end = await _bodies(context, order, parts, rows[: query.count])
    if end == len(rows):
        return found, None
    return found, cursor.seal(context.cursor_key, query, Position(0, rows[end - 1], bound))


async def _bodies(
    context: Context, order: Order, parts: Sequence[Part], rows: Sequence[Row]
) -> tuple[list[Stored], int]:
    """Give the resources of these rows, and how many rows that was: what fills a page ends it."""
    keys = [order.key(row) for row in rows]
    wanted: dict[str, list[str]] = {}
    for type_, identity in keys:
        wanted.setdefault(type_, []).append(identity)
    found: dict[tuple[str, str], Stored] = {}
    end = len(rows)
    for part in parts:
        if ids := wanted.get(part.type):
            asked = both(part.condition, AnyOf("_id", tuple(ids)))
            share = respond.PAGE // len(wanted)
            page = await context.store.search(
                part.allow, part.type, asked, order.sort, len(ids), size=share
            )
            found |= {(part.type, one.id): one for one in page.found}
            if page.more:
                end = min(end, keys.index((part.type, page.found[-1].id)) + 1)
    return [found[key] for key in keys[:end] if key in found], end
