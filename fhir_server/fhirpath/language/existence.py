"""Functions that say how many, whether any, whether all.

https://hl7.org/fhirpath/N1/#existence
"""

from collections.abc import Callable

from fhir_server.fhirpath.language import operators
from fhir_server.fhirpath.language.criteria import each, inner
from fhir_server.fhirpath.language.environment import Frame, Item
from fhir_server.fhirpath.language.equality import key
from fhir_server.fhirpath.language.step import Builder, Scope, Step, collection, condition
from fhir_server.fhirpath.language.values import system, value_of
from fhir_server.fhirpath.syntax import FhirPathError, Node

Arguments = tuple[Node, ...]


def _exists(scope: Scope, source: Step, arguments: Arguments) -> Step:
    before = source.run
    if not arguments:
        return condition(lambda this, frame: bool(before(this, frame)))
    test = each(inner(scope, source, arguments[0]).truth, arguments[0])
    return condition(lambda this, frame: True in test(before(this, frame), frame))


def _empty(_scope: Scope, source: Step, _arguments: Arguments) -> Step:
    before = source.run
    return condition(lambda this, frame: not before(this, frame))


def _not(_scope: Scope, source: Step, _arguments: Arguments) -> Step:
    truth = source.truth

    def decide(this: Item, frame: Frame) -> bool | None:
        found = truth(this, frame)
        return None if found is None else not found

    return condition(decide)


def _all(scope: Scope, source: Step, arguments: Arguments) -> Step:
    before = source.run
    test = each(inner(scope, source, arguments[0]).truth, arguments[0])
    return condition(
        lambda this, frame: all(found is True for found in test(before(this, frame), frame))
    )


def _booleans(decide: Callable[[list[bool]], bool]) -> Builder:
    def build(_scope: Scope, source: Step, _arguments: Arguments) -> Step:
        before = source.run
        return condition(lambda this, frame: decide([_boolean(i) for i in before(this, frame)]))

    return build


def _boolean(item: Item) -> bool:
    value = value_of(item)
    if type(value) is not bool:
        raise FhirPathError(f"{item[0]} is no boolean")
    return value


def _subset(scope: Scope, source: Step, arguments: Arguments) -> Step:
    return _within(source, scope.compile(scope, arguments[0]))


def _superset(scope: Scope, source: Step, arguments: Arguments) -> Step:
    return _within(scope.compile(scope, arguments[0]), source)


def _within(small: Step, large: Step) -> Step:
    one, other = small.run, large.run

    def decide(this: Item, frame: Frame) -> bool:
        inside = {key(item, frame.environment) for item in frame.hold(other(this, frame))}
        return all(key(item, frame.environment) in inside for item in frame.hold(one(this, frame)))

    return condition(decide)


def _count(_scope: Scope, source: Step, _arguments: Arguments) -> Step:
    before = source.run
    return collection(
        lambda this, frame: [system("Integer", len(before(this, frame)))],
        frozenset(["System.Integer"]),
    )


def _distinct(_scope: Scope, source: Step, _arguments: Arguments) -> Step:
    before = source.run
    return collection(
        lambda this, frame: operators.distinct(before(this, frame), frame), source.types
    )


def _is_distinct(_scope: Scope, source: Step, _arguments: Arguments) -> Step:
    before = source.run

    def decide(this: Item, frame: Frame) -> bool:
        items = before(this, frame)
        return len(operators.distinct(items, frame)) == len(items)

    return condition(decide)


FUNCTIONS: dict[str, tuple[int, int, Builder]] = {
    "exists": (0, 1, _exists),
    "empty": (0, 0, _empty),
    "not": (0, 0, _not),
    "all": (1, 1, _all),
    "allTrue": (0, 0, _booleans(all)),
    "anyTrue": (0, 0, _booleans(any)),
    "allFalse": (0, 0, _booleans(lambda found: not any(found))),
    "anyFalse": (0, 0, _booleans(lambda found: not all(found))),
    "subsetOf": (1, 1, _subset),
    "supersetOf": (1, 1, _superset),
    "count": (0, 0, _count),
    "distinct": (0, 0, _distinct),
    "isDistinct": (0, 0, _is_distinct),
}
