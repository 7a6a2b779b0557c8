"""From a query's parameters to a SearchQuery.

https://hl7.org/fhir/R4/search.html
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import tzinfo

from fhir_server.fhir.errors import Invalid, Issue
from fhir_server.search import control
from fhir_server.search.condition import Condition, Everything, Not, Present, both, either
from fhir_server.search.escape import split
from fhir_server.search.kinds import Kind, kind_of
from fhir_server.search.place import Place
from fhir_server.search.query import SearchQuery
from fhir_server.search.types import reference
from fhir_server.spec.spec import SearchParam, Spec

MAX_PARAMETERS = 200
MAX_VALUE_LENGTH = 4096
MAX_ALTERNATIVES = 500

# What the door reads, https://hl7.org/fhir/R4/http.html#parameters
FORMAT = frozenset({"_format", "_pretty"})


def parse(
    spec: Spec,
    type_: str,
    parameters: Sequence[tuple[str, str]],
    *,
    base_urls: tuple[str, ...],
    zone: tzinfo,
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
    params = spec.search_params(type_)
    place = Place(base_urls, zone, spec.types)
    criteria = [pair for pair in parameters if pair[0] not in FORMAT | control.NAMES]
    unknown = {name: _unknown(params, type_, name) for name, _ in criteria}
    left_out = [issue for issue in unknown.values() if issue]
    refused = left_out if strict else []
    query = SearchQuery(type_, Everything())
    with _noting(refused):
        query = control.shaped(query, parameters, params, default=default_count, cap=max_count)
    clauses = []
    for name, value in criteria:
        if unknown[name] is None:
            with _noting(refused):
                clauses.append(clause(params, name, value, place))
    if refused:
        raise Invalid(issues=refused)
    used = (pair for pair in parameters if pair[0] != "_page" and not unknown.get(pair[0]))
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


def clause(params: Mapping[str, SearchParam], name: str, value: str, place: Place) -> Condition:
    """Give what one known parameter asks, `code` or `code:modifier`.

    Raises Invalid for what it cannot be asked, KeyError for a code that is not searched here.
    """
    code, _, modifier = name.partition(":")
    param = params[code]
    kind = kind_of(param)
    if kind is None:
        raise KeyError(name)
    try:
        return _asked(param, kind, modifier, _alternatives(value), place)
    except Invalid as error:
        issues = [replace(i, diagnostics=f"{name[:80]}: {i.diagnostics}") for i in error.issues]
        raise Invalid(issues=issues) from None


def _asked(
    param: SearchParam, kind: Kind, modifier: str, alternatives: Sequence[str], place: Place
) -> Condition:
    if modifier == "missing":
        return _missing(param, kind, alternatives)
    asked = kind.modifiers.get(modifier)
    if asked is not None:
        return asked(param, alternatives, place)
    if param.type == "reference" and modifier in (param.targets or place.types):
        return reference.typed(param, modifier, alternatives, place)
    known = [f":{name}" for name in (*kind.modifiers, "missing") if name]
    if param.type == "reference":
        known.append(":Type with a type it refers to")
    raise Invalid(
        f"the modifier {modifier[:32]!r} is not supported here; supported: {', '.join(known)}.",
        code="not-supported",
    )


def _missing(param: SearchParam, kind: Kind, alternatives: Sequence[str]) -> Condition:
    present = either(*(Present(field.format(param.code)) for field in kind.presence))
    if list(alternatives) == ["true"]:
        return Not(present)
    if list(alternatives) == ["false"]:
        return present
    raise Invalid("the modifier missing takes true or false.", code="value")


def _alternatives(value: str) -> list[str]:
    if len(value) > MAX_VALUE_LENGTH:
        raise Invalid(f"the value is longer than {MAX_VALUE_LENGTH} letters.", code="too-costly")
    alternatives = split(value, ",")
    if len(alternatives) > MAX_ALTERNATIVES:
        raise Invalid(f"at most {MAX_ALTERNATIVES} values at once.", code="too-costly")
    if not all(alternatives):
        raise Invalid("a value is empty.", code="value")
    return alternatives


def _unknown(params: Mapping[str, SearchParam], type_: str, name: str) -> Issue | None:
    """Give the issue of a parameter that is not searched here, None for one that is."""
    code = name.partition(":")[0]
    if "." in name or code == "_has":
        return Issue("not-supported", f"{name[:80]!r}: chained parameters are not searched here.")
    param = params.get(code)
    if param is None:
        return Issue("not-supported", f"{name[:80]!r} is no parameter of {type_}.")
    if kind_of(param) is None:
        return Issue(
            "not-supported",
            f"{name[:80]!r}: parameters of type {param.type} are not searched here yet.",
        )
    return None
