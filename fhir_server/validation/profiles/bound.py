"""Bindings of profiles: whether codes are from the value set a profile names.

https://hl7.org/fhir/R4/elementdefinition.html#ElementDefinition.binding
"""

from collections.abc import Iterator, Mapping
from typing import Any

from fhir_server.spec.codes import bare
from fhir_server.spec.structures import Element
from fhir_server.validation.bindings import binding_rule, coded
from fhir_server.validation.findings import Findings, Rule
from fhir_server.validation.profiles.walk import Check, Item, Walk

_OUTERMOST = "http://hl7.org/fhir/StructureDefinition/elementdefinition-maxValueSet"


def binding_checks(element: Mapping[str, Any], base: Element | None) -> Iterator[Check]:
    """Give the checks of an element's binding, where the type has not the same."""
    binding = element.get("binding", {})
    value_set, strength = binding.get("valueSet"), binding.get("strength")
    if isinstance(value_set, str) and strength in ("required", "extensible"):
        extensible = strength == "extensible"
        if not (base and base.binding == bare(value_set) and base.extensible == extensible):
            yield _check(value_set, strength)
    for one in binding.get("extension", ()):
        outermost = one.get("valueCanonical") or one.get("valueUri", "")
        if one.get("url") == _OUTERMOST and not (base and base.outermost == bare(outermost)):
            yield _check(outermost, "outermost")


def _check(value_set: str, strength: str) -> Check:
    rules: dict[str, Rule | None] = {}

    def check(item: Item, walk: Walk) -> Findings | None:
        type_, value, _ = item
        if type_ not in rules:
            read = coded(type_)
            rules[type_] = binding_rule(read, value_set, strength) if read else None
        rule = rules[type_]
        return rule(value, walk.visit) if rule and value is not None else None

    return check
