"""A SearchParameter resource as a parameter to search by: taken, or refused with the reason.

https://hl7.org/fhir/R4/searchparameter.html
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from fhir_server.fhir.errors import Issue
from fhir_server.fhirpath.syntax import Binary, Call, FhirPathError, Index, Name, Node, Variable
from fhir_server.fhirpath.syntax import parse as parsed
from fhir_server.search.kinds import KINDS, kind_of
from fhir_server.spec.packages import ParameterRow, parameter_of
from fhir_server.spec.spec import Spec, SpecError

TYPE = "SearchParameter"

# The code is part of a field's name in MongoDB; what starts with _ is the server's own.
_CODE = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}", re.ASCII)
_LONGEST, _DEEPEST, _MOST_NESTED = 2_000, 100, 3
_NO_EXPRESSION = (
    "A parameter is searched by its FHIRPath expression, and this one has none; "
    "xpath alone is not read here."
)


def is_active(resource: Mapping[str, Any]) -> bool:
    """Say whether a checked SearchParameter is to be used; drafts, for one, are only kept."""
    return resource.get("status") == "active"


def defined_here(spec: Spec, resource: Mapping[str, Any]) -> bool:
    """Say whether the server came with this parameter, or with what it is derived from.

    Such a resource is kept and changes nothing: the parameter the server came with is used.
    """
    own = spec.parameters.get(resource["url"])
    if own is not None:
        same = (own.code, own.expression) == (resource["code"], resource.get("expression", ""))
        return same and set(resource["base"]) <= set(own.base)
    above = spec.parameters.get(resource.get("derivedFrom", "").partition("|")[0])
    if above is None or set(resource["base"]) - set(above.base):
        return False
    return (above.code, above.type) == (resource["code"], resource["type"])


def row_of(resource: Mapping[str, Any]) -> ParameterRow:
    """Give the row of a checked, active SearchParameter; KeyError names what it lacks."""
    row = parameter_of(resource)
    return replace(row, base=tuple(dict.fromkeys(row.base)))


def issues(spec: Spec, resource: Mapping[str, Any]) -> list[Issue]:
    """Give what keeps a checked, active SearchParameter from being used, each with its place."""
    found = [*_code(resource), *_bases(spec, resource), *_type(resource)]
    if not found:
        found += _expression(resource)
    if not found:
        row = row_of(resource)
        found += [*_taken(spec, row), *_compiles(spec, row)]
    return found


def clashes(spec: Spec, row: ParameterRow, others: Iterable[ParameterRow]) -> Iterator[Issue]:
    """Yield why a parameter cannot stand beside the other stored ones."""
    types = set(spec.applies(row))
    for other in others:
        if other.url == row.url:
            yield _issue("url", f"Another active SearchParameter has the url {row.url}.")
        elif other.code == row.code and (both := types.intersection(spec.applies(other))):
            told = f"{other.url} is the parameter {row.code} of {_listed(both)} already."
            yield _issue("code", told)


def _code(resource: Mapping[str, Any]) -> Iterator[Issue]:
    if not _CODE.fullmatch(resource["code"]):
        told = "A code is 1 to 64 of A-Z a-z 0-9 _ - and starts with a letter."
        yield _issue("code", told, "value")


def _bases(spec: Spec, resource: Mapping[str, Any]) -> Iterator[Issue]:
    for place, name in enumerate(resource["base"]):
        known = spec.structures.by_name.get(name)
        if known is None or known.kind != "resource":
            yield _issue(f"base[{place}]", f"There is no resource type {name[:64]!r} here.")


def _type(resource: Mapping[str, Any]) -> Iterator[Issue]:
    if resource["type"] not in KINDS:
        told = f"The type {resource['type'][:32]!r} is not searched here; {', '.join(KINDS)} are."
        yield _issue("type", told, "not-supported")


def _expression(resource: Mapping[str, Any]) -> Iterator[Issue]:
    if "expression" not in resource:
        yield _issue("expression", _NO_EXPRESSION, "required")
        return
    texts = {"expression": resource["expression"]}
    for place, part in enumerate(resource.get("component", ())):
        texts[f"component[{place}].expression"] = part["expression"]
    for where, text in texts.items():
        if told := _too_costly(text):
            yield _issue(where, told, "too-costly")


def _too_costly(text: str) -> str:
    """Say what makes an expression too costly to run at every write; "" for nothing."""
    if len(text) > _LONGEST:
        return f"The expression is longer than {_LONGEST} letters."
    try:
        tree = parsed(text)
    except FhirPathError:
        # Told where it is compiled.
        return ""
    level: Sequence[tuple[Node, int]] = [(tree, 0)]
    for _ in range(_DEEPEST):
        if any(nested > _MOST_NESTED for _, nested in level):
            return f"Criteria in criteria go at most {_MOST_NESTED} deep."
        if any(nested and _repeats(node) for node, nested in level):
            return "A criterion takes no | and no %resource: each would repeat the work."
        level = [below for node, nested in level for below in _below(node, nested)]
        if not level:
            return ""
    return f"The expression is more than {_DEEPEST} steps deep."


def _repeats(node: Node) -> bool:
    return (isinstance(node, Binary) and node.operator == "|") or (
        isinstance(node, Variable) and node.name.startswith("%")
    )


def _below(node: Node, nested: int) -> Iterator[tuple[Node, int]]:
    """Yield the parts of a node, with how many criteria each stands in."""
    match node:
        case Binary(_, left, right):
            yield from ((left, nested), (right, nested))
        case Index(source, position):
            yield from ((source, nested), (position, nested))
        case Name(source, _) if source is not None:
            yield source, nested
        case Call(source, _, arguments):
            yield from ((one, nested + 1) for one in arguments)
            if source is not None:
                yield source, nested
        case _:
            pass


def _taken(spec: Spec, row: ParameterRow) -> Iterator[Issue]:
    if row.url in spec.parameters:
        yield _issue("url", f"The server came with {row.url}; give yours a url of its own.")
    taken = {type_ for type_ in spec.applies(row) if row.code in spec.defined_params(type_)}
    if taken:
        url = spec.defined_params(min(taken))[row.code].url
        yield _issue("code", f"{url} is the parameter {row.code} of {_listed(taken)} already.")


def _compiles(spec: Spec, row: ParameterRow) -> Iterator[Issue]:
    for place, part in enumerate(row.component):
        if part.definition not in spec.parameters:
            told = f"{part.definition[:200]} is no parameter the server came with."
            yield _issue(f"component[{place}].definition", told)
            return
    for type_ in spec.applies(row):
        try:
            if kind_of(spec.compiled(row, type_)) is None:
                told = "One of its parts is of a type that is not searched in a composite."
                yield _issue("component", told, "not-supported")
                return
        except SpecError as error:
            yield _issue("expression", f"It cannot be used: {error}.")
            return


def _listed(types: Iterable[str]) -> str:
    first, *more = sorted(types)
    return f"{first} and {len(more)} other types" if more else first


def _issue(element: str, told: str, code: str = "business-rule") -> Issue:
    return Issue(code, told, f"{TYPE}.{element}")
