"""The whole FHIRPath language, as R4 uses it: text → an expression to evaluate."""

from fhir_server.fhirpath.language.environment import Environment, Exceeded, Item
from fhir_server.fhirpath.language.expression import Expression, compile_expression

__all__ = ["Environment", "Exceeded", "Expression", "Item", "compile_expression"]
