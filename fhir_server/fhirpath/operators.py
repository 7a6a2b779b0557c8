"""Operators over compiled paths, with FHIRPath's three-valued logic.

https://hl7.org/fhirpath/N1/#equality and https://hl7.org/fhirpath/N1/#boolean-logic
"""

from collections.abc import Callable
from typing import Any

from fhir_server.fhir import decimals
from fhir_server.fhirpath.flow import Flow, Item

_BOOLEAN = frozenset(["boolean"])


def condition(decide: Callable[[Item, Item], bool | None]) -> Flow:
    """Give the path that yields what `decide` says, or nothing for None."""

    def run(root: Item, focus: Item) -> list[Item]:
        decided = decide(root, focus)
        return [] if decided is None else [("boolean", decided)]

    return Flow(_BOOLEAN, single=True, run=run)


def equal(left: Flow, right: Flow) -> Flow:
    """Give `left = right`."""
    return condition(lambda root, focus: _equal(left.run(root, focus), right.run(root, focus)))


def unequal(left: Flow, right: Flow) -> Flow:
    """Give `left != right`."""

    def decide(root: Item, focus: Item) -> bool | None:
        same = _equal(left.run(root, focus), right.run(root, focus))
        return None if same is None else not same

    return condition(decide)


def both(left: Flow, right: Flow) -> Flow:
    """Give `left and right`."""

    def decide(root: Item, focus: Item) -> bool | None:
        truths = (left.truth(root, focus), right.truth(root, focus))
        if False in truths:
            return False
        return None if None in truths else True

    return condition(decide)


def either(left: Flow, right: Flow) -> Flow:
    """Give `left or right`."""

    def decide(root: Item, focus: Item) -> bool | None:
        truths = (left.truth(root, focus), right.truth(root, focus))
        if True in truths:
            return True
        return None if None in truths else False

    return condition(decide)


OPERATORS: dict[str, Callable[[Flow, Flow], Flow]] = {
    "=": equal,
    "!=": unequal,
    "and": both,
    "or": either,
}


def _equal(left: list[Item], right: list[Item]) -> bool | None:
    if not left or not right:
        return None
    if len(left) != len(right):
        return False
    return all(_same(a[1], b[1]) for a, b in zip(left, right, strict=True))


def _same(left: Any, right: Any) -> bool:
    if decimals.is_number(left) and decimals.is_number(right):
        return decimals.decimal(left) == decimals.decimal(right)
    return type(left) is type(right) and bool(left == right)
