"""Operators: logic with three values, equality, order, membership, sets.

https://hl7.org/fhirpath/N1/#operations
"""

from collections.abc import Callable

from fhir_server.fhirpath.language import equality
from fhir_server.fhirpath.language.environment import Frame, Item
from fhir_server.fhirpath.language.step import BOOLEAN, Step, collection, condition, single
from fhir_server.fhirpath.language.values import KINDS, kind_of, value_of
from fhir_server.fhirpath.syntax import FhirPathError

Operator = Callable[[Step, Step], Step]


def _and(left: Step, right: Step) -> Step:
    one, other = left.truth, right.truth

    def decide(this: Item, frame: Frame) -> bool | None:
        first = one(this, frame)
        if first is False:
            return False
        second = other(this, frame)
        return second if first or second is False else None

    return condition(decide)


def _or(left: Step, right: Step) -> Step:
    one, other = left.truth, right.truth

    def decide(this: Item, frame: Frame) -> bool | None:
        first = one(this, frame)
        if first:
            return True
        second = other(this, frame)
        return second if first is False or second else None

    return condition(decide)


def _xor(left: Step, right: Step) -> Step:
    one, other = left.truth, right.truth

    def decide(this: Item, frame: Frame) -> bool | None:
        first, second = one(this, frame), other(this, frame)
        return None if first is None or second is None else first is not second

    return condition(decide)


def _implies(left: Step, right: Step) -> Step:
    one, other = left.truth, right.truth

    def decide(this: Item, frame: Frame) -> bool | None:
        first = one(this, frame)
        if first is False:
            return True
        second = other(this, frame)
        return second if first or second else None

    return condition(decide)


def _equal(left: Step, right: Step) -> Step:
    if left.types == BOOLEAN == right.types:
        return _alike(left, right)
    if right.fixed is not None and right.fixed[0] == "System.String":
        return _is_text(left, right)
    return _same(left, right)


def _alike(left: Step, right: Step) -> Step:
    """Give `left = right` of two conditions."""
    one, other = left.truth, right.truth

    def decide(this: Item, frame: Frame) -> bool | None:
        first, second = one(this, frame), other(this, frame)
        return None if first is None or second is None else first is second

    return condition(decide)


def _is_text(left: Step, right: Step) -> Step:
    """Give `left = 'text'`."""
    before, otherwise = left.run, _same(left, right).truth
    text = right.fixed[1] if right.fixed else ""

    def decide(this: Item, frame: Frame) -> bool | None:
        items = before(this, frame)
        if len(items) == 1:
            type_, value, _ = items[0]
            if type(value) is str and KINDS.get(type_) == "String":
                return bool(value == text)
        return otherwise(this, frame)

    return condition(decide)


def _same(left: Step, right: Step) -> Step:
    one, other = left.run, right.run
    return condition(
        lambda this, frame: equality.equal(one(this, frame), other(this, frame), frame)
    )


def _unequal(left: Step, right: Step) -> Step:
    same = _equal(left, right).truth

    def decide(this: Item, frame: Frame) -> bool | None:
        found = same(this, frame)
        return None if found is None else not found

    return condition(decide)


def _equivalent(left: Step, right: Step) -> Step:
    one, other = left.run, right.run
    return condition(
        lambda this, frame: equality.equivalent(one(this, frame), other(this, frame), frame)
    )


def _not_equivalent(left: Step, right: Step) -> Step:
    alike = _equivalent(left, right).truth
    return condition(lambda this, frame: not alike(this, frame))


def _order(*allowed: int) -> Operator:
    def build(left: Step, right: Step) -> Step:
        one, other = left.run, right.run

        def decide(this: Item, frame: Frame) -> bool | None:
            first = single(one(this, frame), "the left side of a comparison")
            second = single(other(this, frame), "the right side of a comparison")
            if first is None or second is None:
                return None
            found = equality.compare(first, second, frame.environment)
            return None if found is None else found in allowed

        return condition(decide)

    return build


def _in(left: Step, right: Step) -> Step:
    one, other = left.run, right.run

    def decide(this: Item, frame: Frame) -> bool | None:
        item = single(one(this, frame), "what is looked for")
        return None if item is None else contains(other(this, frame), item, frame)

    return condition(decide)


def _contains(left: Step, right: Step) -> Step:
    return _in(right, left)


def contains(items: list[Item], wanted: Item, frame: Frame) -> bool:
    """Say whether one of the items equals another."""
    frame.spend(len(items))
    return any(equality.same(item, wanted, frame.environment) for item in items)


def union(left: Step, right: Step) -> Step:
    """Give `left | right`: each value once."""
    one, other = left.run, right.run
    types = None if left.types is None or right.types is None else left.types | right.types

    def run(this: Item, frame: Frame) -> list[Item]:
        return distinct([*one(this, frame), *other(this, frame)], frame)

    return collection(run, types)


def distinct(items: list[Item], frame: Frame) -> list[Item]:
    """Give each value once, where it stood first."""
    if len(items) < 2:  # noqa: PLR2004 (nothing to compare)
        return items
    found: dict[object, Item] = {}
    for item in frame.hold(items):
        found.setdefault(equality.key(item, frame.environment), item)
    return list(found.values())


OPERATORS: dict[str, Operator] = {
    "and": _and,
    "or": _or,
    "xor": _xor,
    "implies": _implies,
    "=": _equal,
    "!=": _unequal,
    "~": _equivalent,
    "!~": _not_equivalent,
    "<": _order(-1),
    ">": _order(1),
    "<=": _order(-1, 0),
    ">=": _order(1, 0),
    "in": _in,
    "contains": _contains,
    "|": union,
}


def signed(operand: Step, sign: str) -> Step:
    """Give `-operand` or `+operand`."""
    before = operand.run

    def run(this: Item, frame: Frame) -> list[Item]:
        item = single(before(this, frame), "what has a sign")
        return [] if item is None else [_signed(item, sign)]

    return collection(run)


def _signed(item: Item, sign: str) -> Item:
    from_kind = kind_of(item)
    value = value_of(item)
    if from_kind not in ("Integer", "Decimal", "Quantity") or value is None:
        raise FhirPathError(f"{item[0]} cannot have a sign")
    if sign == "+":
        return item
    if isinstance(value, tuple):
        return ("System.Quantity", (-value[0], *value[1:]), None)
    return (f"System.{from_kind}", -value, None)
