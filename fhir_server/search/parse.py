"""From a query's parameters to a SearchQuery.

https://hl7.org/fhir/R4/search.html
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from fhir_server.fhir.errors import Invalid, Issue
from fhir_server.search import control
from fhir_server.search.clause import Scope, clause, unknown
from fhir_server.search.condition import Everything, both
from fhir_server.search.include import includes, is_include
from fhir_server.search.place import Place
from fhir_server.search.query import SearchQuery
from fhir_server.spec.spec import Spec

MAX_PARAMETERS = 200

# What the door reads, https://hl7.org/fhir/R4/http.html#parameters
FORMAT = frozenset({"_format", "_pretty"})


def parse(
    spec: Spec,
    type_: str,
    parameters: Sequence[tuple[str, str]],
    place: Place,
    *,
    strict: bool,
    max_count: int,
    default_count: int,
) -> SearchQuery:
    """Read a search on one type of the spec; `parameters` are decoded (name, value) pairs in order.

    Raises Invalid (400) with an issue for each parameter at fault. A parameter that is unknown or
    not searched here is at fault only if `strict`; else it is left out and warned of.
    """
    if len(parameters) > MAX_PARAMETERS:
        raise Invalid(f"A search takes at most {MAX_PARAMETERS} parameters.", code="too-costly")
    scope = Scope(spec, type_, place)
    shaping = FORMAT | control.NAMES
    criteria = [one for one in parameters if one[0] not in shaping and not is_include(one[0])]
    faults = {name: unknown(scope, name) for name, _ in criteria}
    left_out = [issue for issue in faults.values() if issue]
    refused = left_out if strict else []
    query = SearchQuery(type_, Everything())
    with _noting(refused):
        query = control.shaped(
            query, parameters, scope.params, default=default_count, cap=max_count
        )
    with _noting(refused):
        query = replace(query, includes=includes(spec, (type_,), parameters))
        if query.includes and query.summary == "text":
            # https://hl7.org/fhir/R4/search.html#summary
            told = "_include and _revinclude do not go together with _summary=text."
            raise Invalid(told, code="not-supported")
    clauses = []
    for name, value in criteria:
        if faults[name] is None:
            with _noting(refused):
                clauses.append(clause(scope, name, value))
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


@contextmanager
def _noting(refused: list[Issue]) -> Iterator[None]:
    try:
        yield
    except Invalid as error:
        refused += error.issues
