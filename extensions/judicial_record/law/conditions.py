"""What a rule asks of a case: one value, one of several, or a number between bounds.

`over` is left out of the range, `to` is in it, as "từ trên 05 năm đến 15 năm" has it.
"""

from collections.abc import Collection, Mapping
from typing import Any

Asked = str | list[str] | dict[str, int]
Fact = str | float | Collection[str]


def holds(asked: Asked, fact: Fact | None) -> bool:
    """Say whether what is known of a case is what is asked; of several values one is enough."""
    if fact is None:
        return False
    if isinstance(asked, dict):
        return isinstance(fact, int | float) and _between(asked, fact)
    wanted = {asked} if isinstance(asked, str) else set(asked)
    known = {fact} if isinstance(fact, str | int | float) else set(fact)
    return not wanted.isdisjoint(known)


def _between(bounds: Mapping[str, int], number: float) -> bool:
    return bounds.get("over", float("-inf")) < number <= bounds.get("to", float("inf"))


def compatible(one: Mapping[str, Asked], other: Mapping[str, Asked], several: set[str]) -> bool:
    """Say whether there can be a case both conditions hold for.

    A fact of `several` values may be what one asks and what the other asks at the same time.
    """
    shared = (one.keys() & other.keys()) - several
    return all(_meet(one[name], other[name]) for name in shared)


def _meet(one: Asked, other: Asked) -> bool:
    if isinstance(one, dict) and isinstance(other, dict):
        low = max(bounds.get("over", float("-inf")) for bounds in (one, other))
        return low < min(bounds.get("to", float("inf")) for bounds in (one, other))
    return holds(one, _values(other))


def _values(asked: Asked) -> Any:
    return [asked] if isinstance(asked, str) else asked
