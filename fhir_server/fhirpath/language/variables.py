"""Variables: $this $index $total, %resource and its kin, and those the environment brings.

https://hl7.org/fhir/R4/fhirpath.html#variables
"""

from collections.abc import Callable, Sequence

from fhir_server.fhirpath.language.environment import Frame, Item
from fhir_server.fhirpath.language.step import NOTHING, Run, Scope, Step, collection, constant
from fhir_server.fhirpath.syntax import FhirPathError

TERMINOLOGIES = "%terminologies"
_CONSTANTS = {
    "%ucum": "http://unitsofmeasure.org",
    "%sct": "http://snomed.info/sct",
    "%loinc": "http://loinc.org",
}
_PREFIXES = {
    "%vs-": "http://hl7.org/fhir/ValueSet/",
    "%ext-": "http://hl7.org/fhir/StructureDefinition/",
}


def _resource(_this: Item, frame: Frame) -> list[Item]:
    found = frame.environment.resource
    return NOTHING if found is None else [found]


def _root(_this: Item, frame: Frame) -> list[Item]:
    found = frame.environment.root or frame.environment.resource
    return NOTHING if found is None else [found]


_VARIABLES: dict[str, Callable[[Item, Frame], list[Item]]] = {
    "$index": lambda _this, frame: [("System.Integer", frame.index, None)],
    "$total": lambda _this, frame: list(frame.total),
    "%context": lambda _this, frame: [frame.focus],
    "%resource": _resource,
    "%rootResource": _root,
    TERMINOLOGIES: lambda _this, _frame: NOTHING,
}


def variable(scope: Scope, name: str) -> Step:
    """Give the step of a variable; one that the environment does not bring is an error there."""
    if name == "$this":
        return collection(lambda this, _frame: [this], scope.types)
    if name in _VARIABLES:
        return collection(_VARIABLES[name])
    if name.startswith("$"):
        raise FhirPathError(f"{name} is not known")
    for prefix, start in _PREFIXES.items():
        if name.startswith(prefix):
            return constant("System.String", start + name.removeprefix(prefix))
    if name in _CONSTANTS:
        return constant("System.String", _CONSTANTS[name])
    return collection(_brought(name[1:]))


def _brought(name: str) -> Run:
    def run(_this: Item, frame: Frame) -> list[Item]:
        found = frame.environment.variables.get(name)
        if found is None:
            raise FhirPathError(f"the variable %{name} is not known")
        return list(found)

    return run


def asked(function: str, arguments: Sequence[Run]) -> Step:
    """Give `%terminologies.function(arguments)`, which the environment answers.

    https://hl7.org/fhir/R4/fhirpath.html#txapi
    """

    def run(this: Item, frame: Frame) -> list[Item]:
        given = [argument(this, frame) for argument in arguments]
        return list(frame.environment.terminologies(function, given) or ())

    return collection(run)
