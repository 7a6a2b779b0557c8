"""Functions of values: what a function takes and gives, and the plain function that does it.

An empty source or argument gives nothing; several items or another type are an error.
"""

from collections.abc import Callable
from typing import Any

from fhir_server.fhirpath.language.environment import Frame, Item
from fhir_server.fhirpath.language.step import NOTHING, Builder, Scope, Step, collection, single
from fhir_server.fhirpath.language.values import kind_of, value_of
from fhir_server.fhirpath.syntax import FhirPathError, Node

# What a source or an argument may be: kinds.
STRING = ("String",)
INTEGER = ("Integer",)
NUMBER = ("Integer", "Decimal")
AMOUNT = ("Integer", "Decimal", "Quantity")

Signature = tuple[int, int, Builder]


def function(
    source: tuple[str, ...],
    work: Callable[..., list[Item]],
    *arguments: tuple[str, ...],
    optional: int = 0,
) -> Signature:
    """Give a function that takes a value of some kinds and arguments of some kinds.

    `work(frame, value, *arguments)` gives the items; the last `optional` arguments may be left out.
    """

    def build(scope: Scope, step: Step, nodes: tuple[Node, ...]) -> Step:
        runs = [step.run, *(scope.compile(scope, node).run for node in nodes)]
        kinds = (source, *arguments)

        def run(this: Item, frame: Frame) -> list[Item]:
            values: list[Any] = []
            for one, allowed in zip(runs, kinds, strict=False):
                value = value_in(one(this, frame), allowed)
                if value is None:
                    return NOTHING
                values.append(value)
            return work(frame, *values)

        return collection(run)

    return (len(arguments) - optional, len(arguments), build)


def value_in(items: list[Item], allowed: tuple[str, ...]) -> Any:
    """Give the one value, None if there is none; FhirPathError for another type."""
    item = single(items, "what a function is called on or with")
    if item is None:
        return None
    if kind_of(item) not in allowed:
        raise FhirPathError(f"{item[0]} is no {' or '.join(allowed)}")
    return value_of(item)
