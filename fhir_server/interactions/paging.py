"""One page of a search and its links.

https://hl7.org/fhir/R4/http.html#paging
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any
from urllib.parse import quote_plus

import msgspec

from fhir_server.interactions import respond
from fhir_server.interactions.context import Context
from fhir_server.interactions.includes import Fields, Key, looked_at
from fhir_server.search import cursor
from fhir_server.search.condition import Condition, both
from fhir_server.search.cursor import Position, Step, Value
from fhir_server.search.query import SearchQuery
from fhir_server.store.documents import Page, Stored

# Names, codes and dates come again and again; what is longer is not kept.
_SHORT = 128
_quoted_again = lru_cache(maxsize=1024)(quote_plus)


class Found(msgspec.Struct, frozen=True):
    """The rows of one page, and the texts of its links' `_page`: None where there is no page.

    `fields` are those the includes look at, None where they were not asked for.
    """

    rows: tuple[Stored, ...] = ()
    next: str | None = None
    previous: str | None = None
    fields: Fields | None = None


async def page(context: Context, query: SearchQuery, allow: Condition) -> Found:
    """Give one page; it is empty only where nothing follows, or nothing is asked for."""
    if query.count == 0:
        return Found()
    position = cursor.unseal(context.cursor_key, query)
    start = position or Position(0, bound=context.now())
    names = looked_at(context.spec, query.type, query.includes) if query.includes else ()
    rows: list[Stored] = []
    fields: dict[Key, Mapping[str, Any]] = {}
    edges: list[tuple[int, tuple[Value, ...]]] = []
    more = False
    for step in cursor.steps(query.sort, start):
        # A step more than is needed is asked for no row, to know whether there is a next page.
        got = await _step(context, query, allow, step, query.count - len(rows), names=names)
        rows += got.found
        fields |= {(query.type, id_): one for id_, one in got.fields.items()}
        edges += [(step.number, values) for values in (got.first, got.last) if values]
        more = got.more
        if more:
            break
    ahead = Position(*edges[-1], start.bound, start.back) if more else None
    behind = None
    if position and (position.values or position.back):
        # The way back begins at the page's first row; from the far end where it has none.
        edge = edges[0] if edges else (start.step, ())
        behind = Position(*edge, start.bound, not start.back)
    if start.back:
        ahead, behind, rows = behind, ahead, rows[::-1]
    ends = sealed(context, query, ahead), sealed(context, query, behind)
    return Found(tuple(rows), *ends, fields)


async def _step(
    context: Context,
    query: SearchQuery,
    allow: Condition,
    step: Step,
    limit: int,
    *,
    names: Sequence[str],
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
        bare=True,
        names=names,
    )


def sealed(context: Context, query: SearchQuery, position: Position | None) -> str | None:
    """Give the text of `_page` that leads to a position, None for none."""
    return cursor.seal(context.cursor_key, query, position) if position else None


def links(context: Context, query: SearchQuery, found: Found) -> list[tuple[str, str]]:
    """Give the self link, which repeats what was applied, and those to the pages around."""
    asked = [
        f"{_quoted(name)}={_quoted(value)}" for name, value in query.applied if name != "_page"
    ]
    first = "?".join(filter(None, (_place(context, query.path), "&".join(asked))))
    page = f"{first}&_page=" if asked else f"{first}?_page="
    told = [("self", page + quote_plus(query.after) if query.after else first)]
    # What was sealed has no letter to be quoted.
    told += [("next", page + found.next)] if found.next else []
    if found.previous:
        told += [("previous", page + found.previous), ("first", first)]
    return told


def _quoted(text: str) -> str:
    return _quoted_again(text) if len(text) <= _SHORT else quote_plus(text)


def _place(context: Context, path: str) -> str:
    return f"{context.base_url}/{path}".removesuffix("/")
