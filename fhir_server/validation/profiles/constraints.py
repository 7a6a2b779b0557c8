"""Constraints: the rules in FHIRPath that a profile adds.

https://hl7.org/fhir/R4/conformance-rules.html#constraints
"""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from fhir_server.spec.structures import Structures
from fhir_server.validation.profiles.walk import Check


def constraint_checks(
    _structures: Structures, _element: Mapping[str, Any], _inherited: Collection[str]
) -> Iterator[Check]:
    """Give the checks of the rules of an element that are not `inherited` from its type."""
    return iter(())
