"""From a query's parameters to a SearchQuery.

https://hl7.org/fhir/R4/search.html
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import lru_cache, partial
from itertools import chain, compress

from msgspec import structs

from fhir_server.fhir.errors import Invalid, Issue
from fhir_server.search import control
from fhir_server.search import filter as filter_
from fhir_server.search.clause import Scope, asker, unknown
from fhir_server.search.condition import Condition, Everything, both
from fhir_server.search.include import includes, is_include
from fhir_server.search.place import Place
from fhir_server.search.query import SearchQuery
from fhir_server.spec.spec import Spec

MAX_PARAMETERS = 200

# What the door reads, https://hl7.org/fhir/R4/http.html#parameters
FORMAT = frozenset({"_format", "_pretty"})
_SHAPING = FORMAT | control.NAMES

# Letters in the names and shaping values of a form that is kept.
_REMEMBERED = 1_000

# https://hl7.org/fhir/R4/search.html#query
_REFUSED = {"_query": "there are no named queries here; ask with search parameters or _filter."}


@dataclass(frozen=True, slots=True)
class _Form:
    """What the parameters of a search say without the values that are looked for.

    `query` lacks condition, `applied` and `after`. `asked` is in step with the parameters: what
    reads the value of one, None where that is no criterion; `used`: those that are applied.
    `refused` are the issues of what is wrong whatever is looked for.
    """

    query: SearchQuery
    asked: tuple[Callable[[str], Condition] | None, ...]
    used: tuple[bool, ...]
    refused: tuple[Issue, ...]


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
    shape = tuple((name, value if _shapes(name, value) else "") for name, value in parameters)
    known = sum(map(len, chain.from_iterable(shape))) <= _REMEMBERED
    read, counts = _form if known else _form.__wrapped__, (default_count, max_count)
    form = read(Scope(spec, type_, place), shape, tuple(together), strict=strict, counts=counts)
    refused = [*form.refused]
    clauses = []
    for (_, value), ask in zip(parameters, form.asked, strict=True):
        if ask:
            try:
                clauses.append(ask(value))
            except Invalid as error:
                refused += error.issues
    if refused:
        raise Invalid(issues=refused)
    used = compress(parameters, form.used)
    return structs.replace(
        form.query,
        condition=both(*clauses),
        after=dict(parameters)["_page"] if form.query.after is not None else None,
        applied=tuple(control.applied(form.query, *pair) for pair in used),
    )


def _shapes(name: str, value: str) -> bool:
    """Say whether a parameter says the same in one search after the other; no place in a walk."""
    if name == "_page":
        return len(value) > control.MAX_LENGTH
    return name in control.NAMES or (name[:1] == "_" and is_include(name))


def _is_no_criterion(name: str) -> bool:
    return name in _SHAPING or is_include(name)


@lru_cache(maxsize=512)
def _form(
    scope: Scope,
    parameters: tuple[tuple[str, str], ...],
    together: tuple[str, ...],
    *,
    strict: bool,
    counts: tuple[int, int],
) -> _Form:
    """Read what searches with these parameters have in common, whatever they look for."""
    criteria = {name for name, _ in parameters if not _is_no_criterion(name)}
    faults = {name: _fault(scope, name) for name, _ in parameters if name in criteria}
    left_out = [issue for issue in faults.values() if issue]
    if not together:
        left_out = [_with_nearest(scope, issue) for issue in left_out]
    refused = left_out if strict else []
    query = SearchQuery(scope.type, Everything(), path=scope.type)
    with _noting(refused):
        default, cap = counts
        query = control.shaped(query, parameters, scope.params, default=default, cap=cap)
    with _noting(refused):
        found = includes(scope.spec, together or (scope.type,), parameters)
        query = structs.replace(query, includes=found)
        if query.includes and query.summary == "text":
            # https://hl7.org/fhir/R4/search.html#summary
            told = "_include and _revinclude do not go together with _summary=text."
            raise Invalid(told, code="not-supported")
    warned = tuple(replace(issue, severity="warning") for issue in left_out)
    askers = {name: _asker(scope, name) for name in criteria if faults[name] is None}
    return _Form(
        structs.replace(query, issues=warned),
        tuple(askers.get(name) for name, _ in parameters),
        tuple(name != "_page" and not faults.get(name) for name, _ in parameters),
        tuple(refused),
    )


def is_searched(scope: Scope, name: str) -> bool:
    """Say whether a parameter can be asked here."""
    return _fault(scope, name) is None


def _asker(scope: Scope, name: str) -> Callable[[str], Condition]:
    return partial(filter_.read, scope) if name == filter_.NAME else asker(scope, name)


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
