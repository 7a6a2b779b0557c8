"""Bindings of profiles: whether codes are from the value set a profile names.

https://hl7.org/fhir/R4/elementdefinition.html#ElementDefinition.binding
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
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
            yield Bound(value_set, strength)
    for one in binding.get("extension", ()):
        outermost = one.get("valueCanonical") or one.get("valueUri", "")
        if one.get("url") == _OUTERMOST and not (base and base.outermost == bare(outermost)):
            yield Bound(outermost, "outermost")


@dataclass(frozen=True, slots=True, eq=False)
class Bound:
    """Check that the codes of an item are from a value set; `rules` by type, as they are met."""

    value_set: str
    strength: str
    rules: dict[str, Rule | None] = field(default_factory=dict)

    def of(self, content: str) -> Rule | None:
        """Give the rule of items of a type, None for a type without codes."""
        if content not in self.rules:
            read = coded(content)
            rule = binding_rule(read, self.value_set, self.strength) if read else None
            self.rules[content] = rule
        return self.rules[content]

    def __call__(self, item: Item, walk: Walk) -> Findings | None:
        """Give what is wrong with an item."""
        rule = self.of(item[0])
        return rule(item[1], walk.visit) if rule and item[1] is not None else None
