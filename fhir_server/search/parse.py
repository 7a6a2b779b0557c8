"""From a query's parameters to a SearchQuery.

https://hl7.org/fhir/R4/search.html
"""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from difflib import get_close_matches

from fhir_server.fhir.errors import Invalid, Issue
from fhir_server.search import control
from fhir_server.search import filter as filter_
from fhir_server.search.clause import Scope, clause, unknown
from fhir_server.search.condition import Condition, Everything, both
from fhir_server.search.include import includes, is_include
from fhir_server.search.place import Place
from fhir_server.search.query import SearchQuery
from fhir_server.spec.spec import Spec

MAX_PARAMETERS = 200

# What the door reads, https://hl7.org/fhir/R4/http.html#parameters
FORMAT = frozenset({"_format", "_pretty"})

# https://hl7.org/fhir/R4/search.html#query
_REFUSED = {"_query": "there are no named queries here; ask with search parameters or _filter."}


def parse(
    spec: Spec,
    type_: str,
    parameters: Sequence[tuple[str, str]],
    place: Place,
    *,
    strict: bool,
    max_count: int,
    default_count: int,
    together: Collection[str] = (),
) -> SearchQuery:
    """Read a search on one type of the spec; `parameters` are decoded (name, value) pairs in order.

    `together`: the types that are searched at once, where it is not this one alone. Raises Invalid
    (400) with an issue for each parameter at fault. A parameter that is unknown or not searched
    here is at fault only if `strict`; else it is left out and warned of.
    """
    if len(parameters) > MAX_PARAMETERS:
        raise Invalid(f"A search takes at most {MAX_PARAMETERS} parameters.", code="too-costly")
    scope = Scope(spec, type_, place)
    shaping = FORMAT | control.NAMES
    criteria = [one for one in parameters if one[0] not in shaping and not is_include(one[0])]
    faults = {name: _fault(scope, name) for name, _ in criteria}
    left_out = [issue for issue in faults.values() if issue]
    if not together:
        left_out = [_with_nearest(scope, issue) for issue in left_out]
    refused = left_out if strict else []
    query = SearchQuery(type_, Everything(), path=type_)
    with _noting(refused):
        query = control.shaped(
            query, parameters, scope.params, default=default_count, cap=max_count
        )
    with _noting(refused):
        query = replace(query, includes=includes(spec, together or (type_,), parameters))
        if query.includes and query.summary == "text":
            # https://hl7.org/fhir/R4/search.html#summary
            told = "_include and _revinclude do not go together with _summary=text."
            raise Invalid(told, code="not-supported")
    clauses = []
    for name, value in criteria:
        if faults[name] is None:
            with _noting(refused):
                clauses.append(_asked(scope, name, value))
    if refused:
        raise Invalid(issues=refused)
    used = (
        control.applied(query, *pair)
        for pair in parameters
        if pair[0] != "_page" and not faults.get(pair[0])
    )
    return replace(
        query,
        condition=both(*clauses),
        applied=tuple(used),
        issues=tuple(replace(issue, severity="warning") for issue in left_out),
    )


def is_searched(scope: Scope, name: str) -> bool:
    """Say whether a parameter can be asked here."""
    return _fault(scope, name) is None


def _asked(scope: Scope, name: str, value: str) -> Condition:
    return filter_.read(scope, value) if name == filter_.NAME else clause(scope, name, value)


def _fault(scope: Scope, name: str) -> Issue | None:
    if name in _REFUSED:
        return Issue("not-supported", f"{name}: {_REFUSED[name]}")
    return None if name == filter_.NAME else unknown(scope, name)


def _with_nearest(scope: Scope, issue: Issue) -> Issue:
    """Name the parameters an unknown one may have been meant for."""
    if not issue.diagnostics.endswith(f" is no parameter of {scope.type}."):
        return issue
    code = issue.diagnostics[1:].partition("'")[0].partition(":")[0]
    nearest = get_close_matches(code, scope.params, n=3)
    told = f"nearest: {', '.join(nearest)}" if nearest else "/metadata lists those there are"
    return replace(issue, diagnostics=f"{issue.diagnostics.rstrip('.')}; {told}.")


@contextmanager
def _noting(refused: list[Issue]) -> Iterator[None]:
    try:
        yield
    except Invalid as error:
        refused += error.issues
