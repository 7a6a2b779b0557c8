"""A compiled part of an expression: closures that give its items, or its truth.

A list a closure gives belongs to everybody: it is never changed.
https://hl7.org/fhirpath/N1/#singleton-evaluation-of-collections
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from fhir_server.fhirpath.language.environment import Frame, Item
from fhir_server.fhirpath.model import Model
from fhir_server.fhirpath.syntax import FhirPathError, Node

# (the item $this stands for, the evaluation) → items, or a truth: None for empty.
Run: TypeAlias = Callable[[Item, Frame], list[Item]]
Truth: TypeAlias = Callable[[Item, Frame], bool | None]

Maybe: TypeAlias = bool | None

NOTHING: list[Item] = []
TRUE: list[Item] = [("System.Boolean", True, None)]
FALSE: list[Item] = [("System.Boolean", False, None)]


@dataclass(frozen=True, slots=True)
class Step:
    """`types` are what it can yield, None if unknown; `fixed` is what a literal yields."""

    run: Run
    truth: Truth
    types: frozenset[str] | None = None
    fixed: Item | None = None


@dataclass(frozen=True, slots=True)
class Scope:
    """Where a part stands. `inside`: it is run for each item of a collection.

    `types` are those of $this, None if they are not known.
    """

    model: Model
    compile: Callable[["Scope", Node], Step]
    types: frozenset[str] | None = None
    inside: bool = False


# (where it stands, what it is called on, its arguments) → step
Builder: TypeAlias = Callable[[Scope, Step, tuple[Node, ...]], Step]


def boolean(found: Maybe) -> list[Item]:
    """Give the collection of a truth."""
    return NOTHING if found is None else TRUE if found else FALSE


def collection(run: Run, types: frozenset[str] | None = None) -> Step:
    """Give the step that yields items."""
    return Step(run, lambda this, frame: truth(run(this, frame)), types)


BOOLEAN = frozenset(["System.Boolean"])


def condition(decide: Truth) -> Step:
    """Give the step that is true, false or, for None, empty."""

    def run(this: Item, frame: Frame) -> list[Item]:
        found = decide(this, frame)
        return NOTHING if found is None else TRUE if found else FALSE

    return Step(run, decide, BOOLEAN)


def truth(items: list[Item]) -> bool | None:
    """Give what a collection means as a criterion: one item that is no boolean is true."""
    if not items:
        return None
    if len(items) > 1:
        raise FhirPathError("a criterion has more than one value")
    found = items[0][1]
    return found if type(found) is bool else True


def single(items: list[Item], what: str) -> Item | None:
    """Give the one item, None if there is none; FhirPathError if there are several."""
    if not items:
        return None
    if len(items) > 1:
        raise FhirPathError(f"{what} has more than one value: {len(items)}")
    return items[0]


def constant(type_: str, value: Any) -> Step:
    """Give the step of a literal."""
    item: Item = (type_, value, None)
    items = [item]
    return replace(collection(lambda _this, _frame: items, frozenset([type_])), fixed=item)
