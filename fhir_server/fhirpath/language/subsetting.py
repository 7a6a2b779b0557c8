"""Functions that take a part of a collection, or put two together.

https://hl7.org/fhirpath/N1/#subsetting and https://hl7.org/fhirpath/N1/#combining
"""

from collections.abc import Callable

from fhir_server.fhirpath.language import operators
from fhir_server.fhirpath.language.environment import Frame, Item
from fhir_server.fhirpath.language.equality import key
from fhir_server.fhirpath.language.step import (
    NOTHING,
    Builder,
    Run,
    Scope,
    Step,
    collection,
    single,
)
from fhir_server.fhirpath.language.values import kind_of, value_of
from fhir_server.fhirpath.syntax import FhirPathError, Node

Arguments = tuple[Node, ...]


def _part(take: Callable[[list[Item]], list[Item]]) -> Builder:
    def build(_scope: Scope, source: Step, _arguments: Arguments) -> Step:
        before = source.run
        return collection(lambda this, frame: take(before(this, frame)), source.types)

    return build


def _single(items: list[Item]) -> list[Item]:
    single(items, "what single() is called on")
    return items


def _counted(take: Callable[[list[Item], int], list[Item]]) -> Builder:
    def build(scope: Scope, source: Step, arguments: Arguments) -> Step:
        before, count = source.run, number(scope, arguments[0])

        def run(this: Item, frame: Frame) -> list[Item]:
            found = count(this, frame)
            return NOTHING if found is None else take(before(this, frame), max(found, 0))

        return collection(run, source.types)

    return build


def number(scope: Scope, node: Node) -> Callable[[Item, Frame], int | None]:
    """Give the function to an argument that is one integer."""
    argument = scope.compile(scope, node).run

    def run(this: Item, frame: Frame) -> int | None:
        item = single(argument(this, frame), "an argument")
        if item is None:
            return None
        if kind_of(item) != "Integer":
            raise FhirPathError(f"{item[0]} is no integer")
        found = value_of(item)
        return found if isinstance(found, int) else None

    return run


def _with_other(work: Callable[[list[Item], list[Item], Frame], list[Item]]) -> Builder:
    def build(scope: Scope, source: Step, arguments: Arguments) -> Step:
        before: Run = source.run
        other = scope.compile(scope, arguments[0]).run
        return collection(lambda this, frame: work(before(this, frame), other(this, frame), frame))

    return build


def _intersect(items: list[Item], others: list[Item], frame: Frame) -> list[Item]:
    found = {key(item, frame.environment) for item in frame.hold(others)}
    kept = [item for item in items if key(item, frame.environment) in found]
    return operators.distinct(kept, frame)


def _exclude(items: list[Item], others: list[Item], frame: Frame) -> list[Item]:
    found = {key(item, frame.environment) for item in frame.hold(others)}
    return [item for item in frame.hold(items) if key(item, frame.environment) not in found]


def _union(items: list[Item], others: list[Item], frame: Frame) -> list[Item]:
    return operators.distinct([*items, *others], frame)


def _combine(items: list[Item], others: list[Item], frame: Frame) -> list[Item]:
    return frame.hold([*items, *others])


FUNCTIONS: dict[str, tuple[int, int, Builder]] = {
    "first": (0, 0, _part(lambda items: items[:1])),
    "last": (0, 0, _part(lambda items: items[-1:])),
    "tail": (0, 0, _part(lambda items: items[1:])),
    "single": (0, 0, _part(_single)),
    "skip": (1, 1, _counted(lambda items, count: items[count:])),
    "take": (1, 1, _counted(lambda items, count: items[:count])),
    "intersect": (1, 1, _with_other(_intersect)),
    "exclude": (1, 1, _with_other(_exclude)),
    "union": (1, 1, _with_other(_union)),
    "combine": (1, 1, _with_other(_combine)),
}
