"""Date parameters: every value is a half-open range `{lo, hi}` of us since the epoch, UTC.

https://hl7.org/fhir/R4/search.html#date, prefixes https://hl7.org/fhir/R4/search.html#prefix
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from fhir_server.fhir.dates import FOR_EVER, FOREVER_AGO, date_range
from fhir_server.fhir.errors import Invalid
from fhir_server.search.collect import Add, Alone, Writes
from fhir_server.search.condition import Between, Condition, Element, both, either
from fhir_server.search.escape import prefixed, unescape
from fhir_server.search.place import Place
from fhir_server.spec.spec import SearchParam

Range = tuple[int, int]


def _adds(kind: str) -> Add:
    def add(value: Any, place: Place, found: list[dict[str, int]]) -> None:
        try:
            span = _span(kind, value, place)
        except Invalid:
            return
        if span is not None:
            found.append({"lo": span[0], "hi": span[1]})

    return add


def _alone(content: str, code: str) -> Alone:
    def alone(fields: dict[str, Any], value: Any, place: Place) -> bool:
        try:
            span = _span(content, value, place)
        except Invalid:
            return True
        if span is not None:
            fields[code] = {"lo": span[0], "hi": span[1]}
            return True
        return type(value) is not list

    return alone


# `{code: {lo, hi}}`, or an array of such where the parameter can have several values.
WRITES = Writes(_adds, {"": list}, scalar=True, alone=_alone)


def _compared(param: SearchParam, alternatives: Sequence[str], place: Place) -> Condition:
    field = f"x.{param.code}"
    return either(
        *(Element(field, (condition_of(value, place),), param.single) for value in alternatives)
    )


MODIFIERS: Mapping[str, Callable[[SearchParam, Sequence[str], Place], Condition]] = {
    "": _compared,
}


def condition_of(value: str, place: Place) -> Condition:
    """Give what `ge2026-11` asks of one range's `lo` and `hi`; Invalid for no date."""
    prefix, text = operator(value)
    return _PREFIXES[prefix](*date_range(text, place.zone))


def operator(value: str) -> tuple[str, str]:
    """Split `ge2026-11` into `ge` and the date; without a prefix it is `eq`."""
    return prefixed(unescape(value), _PREFIXES, "date")


def _low(low: int | None = None, high: int | None = None) -> Condition:
    return Between("lo", low, high, single=True)


def _high(low: int | None = None, high: int | None = None) -> Condition:
    return Between("hi", low, high, single=True)


def _eq(start: int, end: int) -> Condition:
    return both(_low(start, end), _high(None, end + 1))


def _ne(start: int, end: int) -> Condition:
    return either(_low(None, start), _high(end + 1, None))


def _gt(_start: int, end: int) -> Condition:
    return _high(end + 1, None)


def _lt(start: int, _end: int) -> Condition:
    return _low(None, start)


def _ge(start: int, end: int) -> Condition:
    return either(_low(start, None), _high(end + 1, None))


def _le(start: int, end: int) -> Condition:
    return either(_low(None, start), _high(None, end + 1))


def _sa(_start: int, end: int) -> Condition:
    return _low(end, None)


def _eb(start: int, _end: int) -> Condition:
    return _high(None, start + 1)


def _ap(start: int, end: int) -> Condition:
    """Widen by the date's own length: the standard leaves it open, and links repeat this way."""
    width = end - start
    return both(_low(None, end + width), _high(start - width + 1, None))


_PREFIXES: Mapping[str, Callable[[int, int], Condition]] = {
    "eq": _eq,
    "ne": _ne,
    "gt": _gt,
    "lt": _lt,
    "ge": _ge,
    "le": _le,
    "sa": _sa,
    "eb": _eb,
    "ap": _ap,
}


def _span(kind: str, value: Any, place: Place) -> Range | None:
    if isinstance(value, str):
        return date_range(value, place.zone)
    if not isinstance(value, dict):
        return None
    if kind == "Timing":
        return _timing(value, place)
    return _period(value, place)


def _period(value: Mapping[str, Any], place: Place) -> Range | None:
    start, end = value.get("start"), value.get("end")
    if not isinstance(start, str) and not isinstance(end, str):
        return None
    low = date_range(start, place.zone)[0] if isinstance(start, str) else FOREVER_AGO
    high = date_range(end, place.zone)[1] if isinstance(end, str) else FOR_EVER
    return (low, high) if low < high else None


def _timing(value: Mapping[str, Any], place: Place) -> Range | None:
    """Give the outer limits of a Timing; its schedule in between does not count."""
    spans = [date_range(event, place.zone) for event in value.get("event", ()) if event]
    repeat = value.get("repeat")
    bounds = repeat.get("boundsPeriod") if isinstance(repeat, dict) else None
    period = _period(bounds, place) if isinstance(bounds, dict) else None
    spans += [period] if period else []
    return (min(low for low, _ in spans), max(high for _, high in spans)) if spans else None
