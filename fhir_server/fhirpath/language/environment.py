"""What an expression is evaluated in: the resource, what only others know, and the budget.

https://hl7.org/fhir/R4/fhirpath.html#variables
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeAlias

import msgspec

from fhir_server.fhirpath.syntax import FhirPathError

# (type or path of an element defined in place, JSON value, JSON's `_companion` of a primitive).
# What an expression computes has a type such as System.Integer: a Decimal for System.Decimal,
# (Decimal, unit, whether it is a calendar's) for System.Quantity, else str, int or bool.
Item: TypeAlias = tuple[str, Any, Any]

STEPS = 1_000_000
# Items in a collection, characters in a string.
MAX_ITEMS = 100_000
MAX_TEXT = 1_000_000


class Exceeded(FhirPathError):
    """The expression would take too long, or make too much."""


def _nobody(*_asked: Any) -> Any:
    """Answer None: nobody knows."""
    return None


class Environment(msgspec.Struct, frozen=True):
    """What stands around the focus; every answer may be None, which is: not known.

    `resource` is %resource and `root` %rootResource (the resource that contains it, or itself);
    `variables` are further ones by name without `%`. `member_of(value set, system, code)`,
    `conforms(item, profile)` and `resolve(reference)` answer the functions of these names.
    `units(value, UCUM code)` gives a value in base units and their code; `terminologies(function,
    arguments)` answers `%terminologies.function(arguments)`, `html(div)` htmlChecks().
    `trace(name, items)` hears trace().
    """

    resource: Item | None = None
    root: Item | None = None
    variables: Mapping[str, Sequence[Item]] = msgspec.field(default_factory=dict)
    member_of: Callable[[str, str, str], bool | None] = _nobody
    conforms: Callable[[Item, str], bool | None] = _nobody
    resolve: Callable[[str], Item | None] = _nobody
    html: Callable[[str], bool | None] = _nobody
    units: Callable[[Decimal, str], tuple[Decimal, str] | None] = _nobody
    terminologies: Callable[[str, Sequence[Sequence[Item]]], Sequence[Item] | None] = _nobody
    trace: Callable[[str, Sequence[Item]], None] = _nobody
    now: datetime | None = None
    steps: int = STEPS


class Frame(msgspec.Struct):
    """One evaluation: its environment, what is left of the budget, $index and $total.

    `memory` holds what is the same wherever in the expression it is asked.
    """

    environment: Environment
    focus: Item
    steps: int
    index: int = 0
    total: Sequence[Item] = ()
    memory: dict[Any, list[Item]] = msgspec.field(default_factory=dict)

    def spend(self, steps: int) -> None:
        """Take from the budget; Exceeded if nothing is left."""
        self.steps -= steps
        if self.steps < 0:
            raise Exceeded("the expression takes too many steps; make it or the resource smaller")

    def hold(self, items: list[Item]) -> list[Item]:
        """Give the items, if they are not too many."""
        self.spend(len(items))
        if len(items) > MAX_ITEMS:
            raise Exceeded(f"the expression makes a collection of more than {MAX_ITEMS} items")
        return items
