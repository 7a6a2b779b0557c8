"""A search on several types at once: of the whole base, or of a whole compartment.

https://hl7.org/fhir/R4/search.html#_type
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial

from msgspec import structs

from fhir_server.fhir.errors import Invalid, Issue
from fhir_server.fhir.exchange import FhirRequest, FhirResponse
from fhir_server.interactions import merging, questions, respond
from fhir_server.interactions.context import Context
from fhir_server.interactions.parameters import searched
from fhir_server.interactions.search import answer, placed, read_query
from fhir_server.search.condition import Condition, Everything, both
from fhir_server.search.merged import order_of
from fhir_server.search.query import SearchQuery

# Letters of parameters times types, as each type reads them for itself; a parameter is a hundred
# letters more.
MAX_READ = 500_000
PARAMETER = 100

_COMMON = Issue(
    "not-supported",
    "Without _type only parameters that every type has can be asked; name the types: "
    "`_type=Patient,Observation`.",
    severity="information",
)


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
        alone = read_query(context, structs.replace(request, parameters=tuple(given)), named[0])
        query = placed(alone, path, within(named[0]), applied)
        return await answer(context, query, context.allow("search-type", named[0]))
    order = order_of(dict(given).get("_sort", ""))
    queries = _queries(context, request, named or sorted(types), given, told=not named)
    query = placed(queries[min(queries)], path, Everything(), applied)
    if query.contained != "false":
        raise Invalid("_contained is searched in one type at a time.", code="not-supported")
    there = await context.store.collections()
    parts = []
    for type_, one in queries.items():
        allow = _allowed(context, type_, named)
        if allow and type_ in there:
            asked = both(one.condition, within(type_))
            parts.append(merging.Part(type_, await questions.settled(context, type_, asked), allow))
    return await merging.answer(context, query, order, parts)


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
    if sum(PARAMETER + len(value) for _, value in given) * len(types) > MAX_READ:
        refused = f"This is too much to ask of {len(types)} types; name fewer in _type."
        raise Invalid(refused, code="too-costly")
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
    return {type_: structs.replace(one, issues=warnings) for type_, one in queries.items()}


def _knows(query: SearchQuery, pair: tuple[str, str]) -> bool:
    return pair[0] == "_page" or pair in query.applied


def _allowed(context: Context, type_: str, named: Collection[str]) -> Condition | None:
    see = context.allow if named else context.seen
    return see("search-type", type_)
