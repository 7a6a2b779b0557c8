"""Rules for one JSON property: one value or many, primitive or not, and its `_` companion.

https://hl7.org/fhir/R4/json.html#primitive
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from fhir_server.validation.primitives import ENOUGH, Faults, Rule

Whole: TypeAlias = Callable[[Any], Faults | None]


def accepted(_value: Any, _owner: Mapping[str, Any]) -> None:
    """Accept anything: checked elsewhere."""


def refused(_value: Any, _owner: Mapping[str, Any]) -> Faults:
    """Refuse an element whose maximum is 0."""
    return [("", "structure", "this element may not be given here")]


def many(one: Rule, maximum: str) -> Rule:
    """Give the rule of an array whose every item meets `one`; `maximum` is a number or `*`."""
    bound = None if maximum == "*" else int(maximum)

    def rule(value: Any, owner: Mapping[str, Any]) -> Faults | None:
        if type(value) is not list:
            return [("", "structure", "an array is expected")]
        faults: Faults = []
        for index, item in enumerate(value):
            if found := one(item, owner):
                faults += [(f"[{index}]{below}", code, told) for below, code, told in found]
                if len(faults) >= ENOUGH:
                    break
        if not value:
            faults.append(("", "structure", "an array is never empty"))
        if bound is not None and len(value) > bound:
            faults.append(("", "structure", f"at most {bound} may be given, not {len(value)}"))
        return faults or None

    return rule


def primitive_or_null(check: Rule, companion: str) -> Rule:
    """Give the rule of an item of a primitive array: null where the companion stands for it."""

    def rule(value: Any, owner: Mapping[str, Any]) -> Faults | None:
        if value is None and type(owner.get(companion)) is list:
            return None
        return check(value, owner)

    return rule


def companion_of_one(element: Whole) -> Rule:
    """Give the rule of `_birthDate`: an Element with the id and extensions of a primitive."""

    def rule(value: Any, _owner: Mapping[str, Any]) -> Faults | None:
        return element(value)

    return rule


def companion_of_many(element: Whole, key: str) -> Rule:
    """Give the rule of `_given`: an array in step with `given`, null where there is nothing."""

    def rule(value: Any, owner: Mapping[str, Any]) -> Faults | None:
        if type(value) is not list or not value:
            return [("", "structure", f"_{key} is a non-empty array like {key}")]
        values = owner.get(key, [None] * len(value))
        if type(values) is not list:
            return None
        if len(values) != len(value):
            return [("", "structure", f"{key} and _{key} differ in length")]
        faults: Faults = []
        for index, (item, plain) in enumerate(zip(value, values, strict=True)):
            if item is None and plain is None:
                found: Faults | None = [("", "structure", "neither a value nor an extension")]
            else:
                found = None if item is None else element(item)
            faults += [(f"[{index}]{below}", code, told) for below, code, told in found or ()]
            if len(faults) >= ENOUGH:
                break
        return faults or None

    return rule
