"""Definitions of searches: a SearchParameter and a CapabilityStatement say what is so.

https://hl7.org/fhir/R4/searchparameter.html
"""

from collections.abc import Iterator, Mapping
from typing import Any

from fhir_server.spec.codes import bare
from fhir_server.validation.findings import Finding, Findings, Visit, error

_COMPOSITE = "composite"


def parameter_findings(parameter: Mapping[str, Any], visit: Visit) -> Findings | None:
    """Give what is wrong with a SearchParameter beside what it is derived from, if that is known.

    https://hl7.org/fhir/R4/searchparameter-definitions.html#SearchParameter.derivedFrom
    """
    found: Findings = []
    if parameter.get("type") == _COMPOSITE and len(parameter.get("component", ())) <= 1:
        found += error("invariant", "a composite has two components or more", ".component")
    origin = visit.definitions.spec.parameters.get(bare(parameter.get("derivedFrom", "")))
    if origin is None:
        return found or None
    if origin.type != parameter.get("type", origin.type):
        told = f"the parameter it is derived from is of type {origin.type}"
        found += error("invariant", told, ".type")
    for index, base in enumerate(parameter.get("base", ())):
        if base is not None and base not in origin.base:
            told = f"the parameter it is derived from has no base {base}"
            found += error("invariant", told, f".base[{index}]")
    return found or None


def capability_findings(statement: Mapping[str, Any], visit: Visit) -> Findings | None:
    """Give the search parameters of a CapabilityStatement whose type is not their definition's."""
    return [*_searches(statement, visit)] or None


def _searches(statement: Mapping[str, Any], visit: Visit) -> Iterator[Finding]:
    parameters = visit.definitions.spec.parameters
    for place, one in _parameters(statement):
        known = parameters.get(bare(one.get("definition", "")))
        if known is not None and known.type != one.get("type", known.type):
            told = f"the definition of {one.get('name', '')[:64]!r} is of type {known.type}"
            yield from error("invariant", told, f"{place}.type")


def _parameters(statement: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for at, rest in enumerate(statement.get("rest", ())):
        for index, resource in enumerate(rest.get("resource", ())):
            for nth, one in enumerate(resource.get("searchParam", ())):
                yield f".rest[{at}].resource[{index}].searchParam[{nth}]", one
