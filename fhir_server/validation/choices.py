"""Choices: that of `value[x]` one type is given, and one where it is required.

https://hl7.org/fhir/R4/formats.html#choice
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from fhir_server.spec.structures import Key

Check: TypeAlias = Callable[[Any], bool]


def choosing(keys: Mapping[str, Key]) -> Check | None:
    """Give the check of the choices of an object that is well made else; None if it has none."""
    choices: dict[str, set[str]] = {}
    for key in keys.values():
        if key.element.choice:
            choices.setdefault(key.element.name, set()).add(key.key)
    if not choices:
        return None
    needed = {key.element.name for key in keys.values() if key.element.min > 0}
    rules = [(frozenset(names), name in needed) for name, names in choices.items()]
    # So few properties that, beside what has to be there, at most one is of a choice.
    few = 0 if any(must for _, must in rules) else 1 + len(needed)

    def single(value: Mapping[str, Any]) -> bool:
        if len(value) <= few:
            return True
        for names, must in rules:
            given = len(names.intersection(value))
            if given > 1 or (must and not given):
                return False
        return True

    return single


def choosing_in(own: Check | None, inner: Sequence[tuple[str, bool, Check]]) -> Check:
    """Give the check of the choices of an object and of the `inner` ones that stand in it.

    Each of these is a JSON property, whether it holds one object and no array, and the check.
    """

    def single(value: Mapping[str, Any]) -> bool:
        if own and not own(value):
            return False
        for name, alone, check in inner:
            if name in value:
                found = value[name]
                if not (check(found) if alone else all(map(check, found))):
                    return False
        return True

    return single
