"""A FHIRPath expression: compiled once, evaluated anywhere, by any number of threads at once.

https://hl7.org/fhirpath/N1/ and https://hl7.org/fhir/R4/fhirpath.html
"""

from dataclasses import dataclass
from decimal import DecimalException
from functools import lru_cache

from fhir_server.fhirpath.language.compiler import compiled
from fhir_server.fhirpath.language.environment import Environment, Frame, Item
from fhir_server.fhirpath.language.reads import reads
from fhir_server.fhirpath.language.step import Scope, Step
from fhir_server.fhirpath.model import Model
from fhir_server.fhirpath.syntax import FhirPathError, parse

_LARGE = "a number is out of range"
_DEEP = "the resource and the expression together are nested too deeply"


@dataclass(frozen=True, slots=True, eq=False)
class Expression:
    """A compiled expression.

    `reads` are the names of the children of the focus it depends on (`value` stands for
    `valueQuantity` and its kin); None if it depends on more than some children.
    """

    text: str
    reads: frozenset[str] | None
    _step: Step

    def evaluate(self, focus: Item, environment: Environment) -> list[Item]:
        """Give the items the expression yields.

        FhirPathError where an operator meets types it is not for or several items instead of one,
        Exceeded where it would take too long.
        """
        frame = Frame(environment, focus, environment.steps)
        try:
            return list(self._step.run(focus, frame))
        except RecursionError:
            raise FhirPathError(_DEEP) from None
        except DecimalException:
            raise FhirPathError(_LARGE) from None

    def holds(self, focus: Item, environment: Environment) -> bool:
        """Say whether an invariant holds: it is true, or empty. Errors as `evaluate`."""
        try:
            found = self._step.truth(focus, Frame(environment, focus, environment.steps))
        except RecursionError:
            raise FhirPathError(_DEEP) from None
        except DecimalException:
            raise FhirPathError(_LARGE) from None
        return found is not False


@lru_cache(maxsize=8192)
def compile_expression(model: Model, text: str, type_: str = "") -> Expression:
    """Compile an expression; FhirPathError for text that is none.

    `type_` is what it will be evaluated on (a type, or the path of an element defined in place):
    a path that no value of it can have is then refused too.
    """
    tree = parse(text)
    types = frozenset([type_]) if type_ else None
    return Expression(text, reads(model, tree), compiled(Scope(model, compiled, types), tree))
