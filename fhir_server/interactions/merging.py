"""One page of what several types are asked, merged into one order.

Each type is asked for the keys of its first rows; the first of all of them are the page.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from msgspec import structs

from fhir_server.fhir.errors import Issue
from fhir_server.fhir.exchange import FhirResponse
from fhir_server.interactions import cost, paging, respond, totals
from fhir_server.interactions.context import Context
from fhir_server.interactions.paging import Found
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
    """Answer with a page of what the parts find, in this order; `shown` gives what is told."""
    issues = list(query.issues)
    for part in parts:
        issues += await cost.weighed(context, _asked(query, order, part), part.allow)
    total = await _total(context, query, order, parts, issues)
    found = await _page(context, query, order, parts)
    issues += outdated(context, [part.type for part in parts])
    told = structs.replace(found, rows=tuple(shown(found.rows)))
    return await searchset(context, query, told, issues, total=total)


def _asked(query: SearchQuery, order: Order, part: Part) -> SearchQuery:
    """Give what is asked of one type as a search of its own."""
    return structs.replace(
        query, type=part.type, condition=part.condition, sort=order.sort, after=None, issues=()
    )


async def _total(
    context: Context,
    query: SearchQuery,
    order: Order,
    parts: Sequence[Part],
    issues: list[Issue],
) -> int | None:
    """Count the matches of all types if that is asked for; None where one took too long."""
    counted: int | None = None if query.total == "none" and query.count > 0 else 0
    for part in parts:
        if counted is not None:
            asked = _asked(query, order, part)
            found = await totals.total(context, asked, part.allow, issues)
            counted = None if found is None else counted + found
    return counted


async def _page(context: Context, query: SearchQuery, order: Order, parts: Sequence[Part]) -> Found:
    """Give one page, and the places its links lead to."""
    if query.count == 0:
        return Found()
    position = cursor.unseal(context.cursor_key, query)
    start = position or Position(0, bound=context.now())
    walk = order.turned if start.back else order
    rows = await _rows(context, query.count + 1, walk, parts, start)
    found, end = await _bodies(context, walk, parts, rows[: query.count])
    ahead = structs.replace(start, values=rows[end - 1]) if end < len(rows) else None
    behind = None
    if position and (position.values or position.back):
        behind = structs.replace(start, values=rows[0] if rows else (), back=not start.back)
    if start.back:
        ahead, behind, found = behind, ahead, found[::-1]
    return Found(
        tuple(found), paging.sealed(context, query, ahead), paging.sealed(context, query, behind)
    )


async def _rows(
    context: Context, count: int, walk: Order, parts: Sequence[Part], start: Position
) -> list[Row]:
    """Give the first `count` rows from a place on."""
    until = Between("ts", None, start.bound + 1) if start.bound else Everything()
    # A walk in the order of time would otherwise run after its own tail.
    until = until if "ts" in walk.fields else Everything()
    rows: list[Row] = []
    for part in sorted(parts, key=lambda one: one.type, reverse=walk.descending):
        missing = count - (len(rows) if walk.by_type else 0)
        if missing > 0:
            rest = walk.behind(start.values, part.type) if start.values else Everything()
            asked = both(part.condition, rest, until)
            keys = await context.store.keys(part.allow, part.type, asked, walk.sort, missing)
            rows += [walk.row(part.type, *key) for key in keys]
    return sorted(rows, reverse=walk.descending)[:count]


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
