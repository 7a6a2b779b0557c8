"""Functions that choose, project, repeat and aggregate.

https://hl7.org/fhirpath/N1/#filtering-and-projection
"""

from functools import cmp_to_key

from fhir_server.fhirpath.language import equality, navigation, types
from fhir_server.fhirpath.language.criteria import each, inner
from fhir_server.fhirpath.language.environment import Frame, Item
from fhir_server.fhirpath.language.step import (
    NOTHING,
    Builder,
    Run,
    Scope,
    Step,
    Truth,
    collection,
    single,
)
from fhir_server.fhirpath.language.values import value_of
from fhir_server.fhirpath.syntax import FhirPathError, Node, Sign

Arguments = tuple[Node, ...]


def _where(scope: Scope, source: Step, arguments: Arguments) -> Step:
    before = source.run
    test = each(inner(scope, source, arguments[0]).truth, arguments[0])

    def run(this: Item, frame: Frame) -> list[Item]:
        items = before(this, frame)
        return [item for item, fits in zip(items, test(items, frame), strict=True) if fits]

    return collection(run, source.types)


def _select(scope: Scope, source: Step, arguments: Arguments) -> Step:
    before = source.run
    projection = inner(scope, source, arguments[0])
    project = each(projection.run, arguments[0])

    def run(this: Item, frame: Frame) -> list[Item]:
        found = project(before(this, frame), frame)
        return frame.hold([item for items in found for item in items])

    return collection(run, projection.types)


def _repeat(scope: Scope, source: Step, arguments: Arguments) -> Step:
    before = source.run
    anything = Step(source.run, source.truth)
    step = inner(scope, anything, arguments[0]).run
    return collection(lambda this, frame: navigation.repeated(before(this, frame), step, frame))


def _of_type(scope: Scope, source: Step, arguments: Arguments) -> Step:
    return types.as_type(scope, source, arguments[0])


def _is(scope: Scope, source: Step, arguments: Arguments) -> Step:
    return types.is_type(scope, source, arguments[0])


def _iif(scope: Scope, source: Step, arguments: Arguments) -> Step:
    """Choose by a criterion; asked of the one item it is called on, or of nothing."""
    before = source.run
    at = Scope(scope.model, scope.compile, source.types, scope.inside)
    criterion, *branches = [scope.compile(at, argument) for argument in arguments]
    test, then = _strict(criterion), branches[0].run
    otherwise = branches[1].run if len(branches) > 1 else lambda _this, _frame: NOTHING

    def run(this: Item, frame: Frame) -> list[Item]:
        item = single(before(this, frame), "what iif() is called on") or _NO_ITEM
        return then(item, frame) if test(item, frame) else otherwise(item, frame)

    return collection(run)


_NO_ITEM: Item = ("", None, None)


def _strict(criterion: Step) -> Truth:
    before = criterion.run

    def test(this: Item, frame: Frame) -> bool | None:
        item = single(before(this, frame), "the criterion of iif()")
        if item is None:
            return None
        found = value_of(item)
        if type(found) is not bool:
            raise FhirPathError("the criterion of iif() is no boolean")
        return found

    return test


def _aggregate(scope: Scope, source: Step, arguments: Arguments) -> Step:
    before = source.run
    step = inner(scope, source, arguments[0]).run
    start: Run = lambda _this, _frame: NOTHING  # noqa: E731 (the empty start)
    if len(arguments) > 1:
        start = scope.compile(scope, arguments[1]).run

    def run(this: Item, frame: Frame) -> list[Item]:
        items, total = before(this, frame), start(this, frame)
        outer = frame.total, frame.index
        frame.spend(len(items))
        for index, item in enumerate(items):
            frame.total, frame.index = total, index
            total = step(item, frame)
        frame.total, frame.index = outer
        return total

    return collection(run)


def _sort(scope: Scope, source: Step, arguments: Arguments) -> Step:
    """Order by each argument in turn, nothing last; a minus in front turns its order round."""
    before = source.run
    keys = [_key(scope, source, argument) for argument in arguments]
    keys = keys or [(lambda this, _frame: [this], 1)]

    def run(this: Item, frame: Frame) -> list[Item]:
        items = frame.hold(before(this, frame))
        rows = [([by(item, frame) for by, _ in keys], item) for item in items]

        def order(left: tuple[list[list[Item]], Item], right: tuple[list[list[Item]], Item]) -> int:
            frame.spend(1)
            for one, other, (_, sign) in zip(left[0], right[0], keys, strict=True):
                found = _ordered(one, other, frame)
                if found:
                    return found * sign
            return 0

        return [item for _, item in sorted(rows, key=cmp_to_key(order))]

    return collection(run, source.types)


def _key(scope: Scope, source: Step, node: Node) -> tuple[Run, int]:
    if isinstance(node, Sign) and node.sign == "-":
        return inner(scope, source, node.operand).run, -1
    return inner(scope, source, node).run, 1


def _ordered(left: list[Item], right: list[Item], frame: Frame) -> int:
    one, other = single(left, "a key of sort()"), single(right, "a key of sort()")
    if one is None or other is None:
        return (one is None) - (other is None)
    return equality.compare(one, other, frame.environment) or 0


def _trace(scope: Scope, source: Step, arguments: Arguments) -> Step:
    before = source.run
    name = scope.compile(scope, arguments[0]).run
    shown = each(inner(scope, source, arguments[1]).run, arguments[1]) if arguments[1:] else None

    def run(this: Item, frame: Frame) -> list[Item]:
        items = before(this, frame)
        told = single(name(this, frame), "the name in trace()")
        if shown is None:
            frame.environment.trace(str(told and told[1]), items)
        else:
            told_items = [item for found in shown(items, frame) for item in found]
            frame.environment.trace(str(told and told[1]), told_items)
        return items

    return collection(run, source.types)


FUNCTIONS: dict[str, tuple[int, int, Builder]] = {
    "where": (1, 1, _where),
    "select": (1, 1, _select),
    "repeat": (1, 1, _repeat),
    "ofType": (1, 1, _of_type),
    "as": (1, 1, _of_type),
    "is": (1, 1, _is),
    "iif": (2, 3, _iif),
    "aggregate": (1, 2, _aggregate),
    "sort": (0, 9, _sort),
    "trace": (1, 2, _trace),
}
