"""Number parameters: every value is a range `{lo, hi}` of keys, a plain number one point of it.

https://hl7.org/fhir/R4/search.html#number
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from fhir_server.search.collect import Writes
from fhir_server.search.condition import Condition, Element, either
from fhir_server.search.escape import unescape
from fhir_server.search.numbers import (
    HIGHEST,
    LOWEST,
    PREFIXES,
    asked,
    indexed,
    key,
    operator,
    written,
)
from fhir_server.search.place import Place
from fhir_server.spec.spec import SearchParam


def _add(value: Any, _place: Place, found: list[dict[str, str]]) -> None:
    if ends := _ends(value):
        found.append(ends)


# `{code: {lo, hi}}`, or an array of such where the parameter can have several values.
WRITES = Writes(lambda _: _add, {"": list}, scalar=True)


def _compared(param: SearchParam, alternatives: Sequence[str], _place: Place) -> Condition:
    field = f"x.{param.code}"
    return either(*(Element(field, (_asked(text),), param.single) for text in alternatives))


MODIFIERS: Mapping[str, Callable[[SearchParam, Sequence[str], Place], Condition]] = {
    "": _compared,
}


def _asked(value: str) -> Condition:
    prefix, text = operator(unescape(value))
    return PREFIXES[prefix](asked(written(text)))


def _ends(value: Any) -> dict[str, str] | None:
    """Give the ends of a number, or of a Range of quantities."""
    if isinstance(value, dict):
        low, high = (indexed(_value_of(value.get(name))) for name in ("low", "high"))
    else:
        low = high = indexed(value)
    if low is None and high is None:
        return None
    return {
        "lo": LOWEST if low is None else key(low),
        "hi": HIGHEST if high is None else key(high),
    }


def _value_of(quantity: Any) -> Any:
    return quantity.get("value") if isinstance(quantity, dict) else None
