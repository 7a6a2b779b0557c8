"""Invariants: the rules in FHIRPath that a type's definition carries, compiled once.

https://hl7.org/fhir/R4/conformance-rules.html#constraints
"""

from collections.abc import Iterator

from fhir_server.spec.spec import Spec
from fhir_server.spec.structures import Key
from fhir_server.validation.findings import Rule

# JSON properties one of which has to be there (None: any), and the rule.
Guarded = tuple[frozenset[str] | None, Rule]


def of(_spec: Spec, _content: str) -> Iterator[Guarded]:
    """Yield the rules of an object."""
    return iter(())


def on_element(_spec: Spec, _content: str, _key: Key) -> Iterator[Rule]:
    """Yield the rules one element of an object has beside those of its type."""
    return iter(())
