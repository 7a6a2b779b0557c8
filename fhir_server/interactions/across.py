"""A search on several types at once: of the whole base, or of a whole compartment.

https://hl7.org/fhir/R4/search.html#_type
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from fhir_server.fhir.errors import Invalid, Issue
from fhir_server.fhir.exchange import FhirRequest, FhirResponse
from fhir_server.interactions import paging, questions, respond
from fhir_server.interactions.context import Context
from fhir_server.interactions.parameters import searched
from fhir_server.interactions.search import answer, outdated, placed, read_query, searchset
from fhir_server.search import cursor
from fhir_server.search.condition import AnyOf, Between, Condition, Everything, both
from fhir_server.search.cursor import Position
from fhir_server.search.merged import Order, Row, order_of
from fhir_server.search.query import SearchQuery
from fhir_server.store.documents import Stored

# Letters of parameters times types: each type reads them for itself.
MAX_READ = 4_000_000

_COMMON = Issue(
    "not-supported",
    "Without _type only parameters that every type has can be asked; name the types: "
    "`_type=Patient,Observation`.",
    severity="information",
)


@dataclass(frozen=True, slots=True)
class Part:
    """What is asked of one type, and what of it the caller may see."""

    type: str
    condition: Condition
    allow: Condition


async def search(
    context: Context,
    request: FhirRequest,
    path: str,
    types: Collection[str],
    within: Callable[[str], Condition],
) -> FhirResponse:
    """Answer a search of `types`, or those of them that `_type` names.

    `path` is where it is asked, relative to the base; `within` narrows a type, to a compartment.
    Raises Invalid for a type that is none of these, and Forbidden for a named one not to be seen.
    """
    named = _named(request, types)
    given = [pair for pair in request.parameters if pair[0] != "_type"]
    applied = [("_type", ",".join(named))] if named else []
    if len(named) == 1:
        alone = read_query(context, replace(request, parameters=tuple(given)), named[0])
        query = placed(alone, path, within(named[0]), applied)
        return await answer(context, query, context.allow("search-type", named[0]))
    order = order_of(dict(given).get("_sort", ""))
    queries = _queries(context, request, named or sorted(types), given, told=not named)
    query = placed(queries[min(queries)], path, Everything(), applied)
    there = await context.store.collections()
    parts = []
    for type_, one in sorted(queries.items(), reverse=order.descending):
        allow = _allowed(context, type_, named)
        if allow and type_ in there:
            asked = both(one.condition, within(type_))
            parts.append(Part(type_, await questions.settled(context, type_, asked), allow))
    return await _answer(context, query, order, parts)


def _named(request: FhirRequest, types: Collection[str]) -> list[str]:
    given = [value for name, value in request.parameters if name == "_type"]
    if len(given) > 1:
        raise Invalid("_type may stand only once: _type=Patient,Observation.")
    named = list(dict.fromkeys(given[0].split(","))) if given else []
    if wrong := [one for one in named if one not in types]:
        raise Invalid(f"_type={wrong[0][:64]!r} is no type that is searched here.", code="value")
    return sorted(named)


def _queries(
    context: Context,
    request: FhirRequest,
    types: Sequence[str],
    given: Sequence[tuple[str, str]],
    *,
    told: bool,
) -> Mapping[str, SearchQuery]:
    """Read the parameters for each type; what one type does not know is asked of none.

    `told`: the types were not named, which may be what is wrong.
    """
    if sum(len(name) + len(value) for name, value in given) * len(types) > MAX_READ:
        raise Invalid("This is too long for so many types; name fewer.", code="too-costly")
    strict = respond.strict(request, default=context.limits.strict_search)
    asked = partial(searched, context, strict=strict, together=types)
    try:
        queries = {type_: asked(type_, given) for type_ in types}
    except Invalid as error:
        raise Invalid(issues=[*error.issues, *([_COMMON] if told else ())]) from None
    issues = {issue.diagnostics: issue for one in queries.values() for issue in one.issues}
    if issues:
        known = [pair for pair in given if all(_knows(one, pair) for one in queries.values())]
        queries = {type_: asked(type_, known) for type_ in types}
    warnings = tuple(issues.values())
    return {type_: replace(one, issues=warnings) for type_, one in queries.items()}


def _knows(query: SearchQuery, pair: tuple[str, str]) -> bool:
    return pair[0] == "_page" or pair in query.applied


def _allowed(context: Context, type_: str, named: Collection[str]) -> Condition | None:
    see = context.allow if named else context.seen
    return see("search-type", type_)


async def _answer(
    context: Context, query: SearchQuery, order: Order, parts: Sequence[Part]
) -> FhirResponse:
    issues = list(query.issues)
    total = await _total(context, query, parts, issues)
    found, next_page = await _page(context, query, order, parts)
    issues += outdated(context, [part.type for part in parts])
    links = paging.links(context, query, next_page)
    return await searchset(context, query, found, issues, links=links, total=total)


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
