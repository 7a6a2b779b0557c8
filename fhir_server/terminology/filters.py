"""Filters: the codes of a system that a ValueSet chooses by a property.

https://hl7.org/fhir/R4/valueset-filter-operator.html
"""

from collections.abc import Callable, Mapping

from fhir_server.fhir.errors import Invalid
from fhir_server.terminology.closure import closure
from fhir_server.terminology.code_system import CodeSystem
from fhir_server.terminology.regex import matcher
from fhir_server.terminology.value_set import Filter

# The code itself goes by either name.
_CODE = ("concept", "code")

Values = Callable[[str], tuple[str, ...]]


def filtered(system: CodeSystem, chosen: Filter) -> frozenset[str]:
    """Give the codes a filter lets through.

    Raises Invalid for an operation or property this server, or the system, does not have, and
    for a code the system does not have.
    """
    if chosen.op in _BY_HIERARCHY and chosen.property in _CODE:
        if chosen.value not in system.codes:
            raise Invalid(
                f"{chosen.value[:64]!r} is no code of {system.url[:200]}, which a ValueSet "
                f"asks for by {chosen.op}.",
                code="not-found",
            )
        return _BY_HIERARCHY[chosen.op](system, chosen.value)
    if chosen.op not in _BY_VALUE:
        raise Invalid(
            f"The filter {chosen.property[:64]!r} {chosen.op[:32]!r} of a ValueSet is not "
            f"supported; supported: {', '.join(_BY_VALUE)} of any property, "
            f"{', '.join(_BY_HIERARCHY)} of concept.",
            code="not-supported",
        )
    values = _values(system, chosen.property)
    holds = _BY_VALUE[chosen.op](chosen.value)
    return frozenset(code for code in system.codes if holds(values(code)))


def _below(system: CodeSystem, code: str) -> frozenset[str]:
    return closure(system.children, code)


_BY_HIERARCHY: Mapping[str, Callable[[CodeSystem, str], frozenset[str]]] = {
    "is-a": _below,
    "descendent-of": lambda system, code: _below(system, code) - {code},
    "is-not-a": lambda system, code: frozenset(system.codes) - _below(system, code),
    "generalizes": lambda system, code: closure(system.parents, code),
}


def _values(system: CodeSystem, name: str) -> Values:
    if name in _CODE:
        return lambda code: (code,)
    if name == "parent":
        return lambda code: tuple(system.parents.get(code, ()))
    if name == "child":
        return lambda code: tuple(system.children.get(code, ()))
    if name not in system.declared:
        raise Invalid(
            f"{system.url[:200]} has no property {name[:64]!r}, which a ValueSet chooses by.",
            code="not-supported",
        )
    return lambda code: system.codes[code].get(name, ())


def _listed(value: str) -> frozenset[str]:
    return frozenset(one.strip() for one in value.split(","))


def _in(value: str) -> Callable[[tuple[str, ...]], bool]:
    wanted = _listed(value)
    return lambda values: not wanted.isdisjoint(values)


def _not_in(value: str) -> Callable[[tuple[str, ...]], bool]:
    return _listed(value).isdisjoint


def _regex(value: str) -> Callable[[tuple[str, ...]], bool]:
    matches = matcher(value)
    return lambda values: any(matches(one) for one in values)


_BY_VALUE: Mapping[str, Callable[[str], Callable[[tuple[str, ...]], bool]]] = {
    "=": lambda value: lambda values: value in values,
    "in": _in,
    "not-in": _not_in,
    "regex": _regex,
    "exists": lambda value: lambda values: bool(values) == (value == "true"),
}
