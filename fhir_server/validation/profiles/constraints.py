"""Constraints: the rules in FHIRPath that a profile adds.

https://hl7.org/fhir/R4/conformance-rules.html#constraints
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fhir_server.fhirpath.language import Environment, Expression, compile_expression
from fhir_server.fhirpath.syntax import FhirPathError
from fhir_server.spec.structures import Structures
from fhir_server.validation.findings import Findings, error, warning
from fhir_server.validation.profiles.discriminators import meets
from fhir_server.validation.profiles.walk import Check, Item, Walk

_SHORT = 300


def constraint_checks(
    structures: Structures, element: Mapping[str, Any], inherited: Collection[str]
) -> Iterator[Check]:
    """Give the checks of the rules of an element that are not `inherited` from its type."""
    for rule in element.get("constraint", ()):
        if rule.get("key") in inherited or not isinstance(rule.get("expression"), str):
            continue
        try:
            expression = compile_expression(structures, rule["expression"])
        except FhirPathError as fault:
            yield _said(warning("not-supported", _unusable(rule, fault)))
        else:
            yield Constraint(rule, expression)


def environment(walk: Walk) -> Environment:
    """Give what stands around an expression in a resource, made when first asked for."""
    if walk.environment is None:
        visit = walk.visit
        walk.environment = Environment(
            resource=_item(visit.resource),
            root=_item(visit.root),
            member_of=visit.member,
            conforms=lambda item, profile: meets(item, profile, walk),
            resolve=lambda reference: (walk.resolve(reference) or (None,))[0],
            units=visit.definitions.canonical,
        )
    return walk.environment


def holds(expression: Expression, item: Item, walk: Walk) -> bool | str:
    """Say whether an expression is true of an item, or empty; else why that cannot be told."""
    try:
        return expression.holds(item, environment(walk))
    except FhirPathError as fault:
        return str(fault)


@dataclass(frozen=True, slots=True, eq=False)
class Constraint:
    """Check that a rule in FHIRPath holds."""

    rule: Mapping[str, Any]
    expression: Expression

    def __call__(self, item: Item, walk: Walk) -> Findings | None:
        """Give what is wrong with an item."""
        verdict = holds(self.expression, item, walk)
        if verdict is True:
            return None
        rule = self.rule
        if verdict is False:
            make = warning if rule.get("severity") == "warning" else error
            return make("invariant", f"{rule['key']}: {rule.get('human') or rule['expression']}")
        return warning("not-supported", _unusable(rule, verdict))


def _said(found: Findings) -> Check:
    return lambda _item, _walk: list(found)


def _unusable(rule: Mapping[str, Any], why: object) -> str:
    return f"the rule {rule['key']} cannot be checked: {why}"[:_SHORT]


def _item(resource: Mapping[str, Any]) -> Item:
    return str(resource.get("resourceType", "")), resource, None
