"""`_id` and `_lastUpdated`: asked of the index document itself, nothing is indexed for them.

https://hl7.org/fhir/R4/search.html#all
"""

from collections.abc import Callable, Mapping, Sequence

from fhir_server.fhir.dates import date_range
from fhir_server.search.condition import AnyOf, Between, Condition, Not, either
from fhir_server.search.escape import split, unescape
from fhir_server.search.place import Place
from fhir_server.search.types.date import operator
from fhir_server.spec.spec import SearchParam


def _id(_param: SearchParam, alternatives: Sequence[str], _place: Place) -> Condition:
    # An id has no system: `|8` is `8`, and nothing is `system|8`.
    parts = (split(value, "|", 1) for value in alternatives)
    return AnyOf("_id", tuple(unescape(id_) for *system, id_ in parts if system in ([], [""])))


def _id_not(param: SearchParam, alternatives: Sequence[str], place: Place) -> Condition:
    return Not(_id(param, alternatives, place))


def _updated(_param: SearchParam, alternatives: Sequence[str], place: Place) -> Condition:
    return either(*(_moment(value, place) for value in alternatives))


ID_MODIFIERS: Mapping[str, Callable[[SearchParam, Sequence[str], Place], Condition]] = {
    "": _id,
    "not": _id_not,
}
TIME_MODIFIERS: Mapping[str, Callable[[SearchParam, Sequence[str], Place], Condition]] = {
    "": _updated,
}


def _moment(value: str, place: Place) -> Condition:
    """Compare a moment, not a range: what date prefixes come to when `hi` is `lo` + 1 us."""
    prefix, text = operator(value)
    start, end = date_range(text, place.zone)
    if prefix == "ne":
        return either(_ts(None, start), _ts(end, None))
    width = end - start
    ends = {
        "eq": (start, end),
        "gt": (end, None),
        "sa": (end, None),
        "lt": (None, start),
        "eb": (None, start),
        "ge": (start, None),
        "le": (None, end),
        "ap": (start - width, end + width),
    }
    return _ts(*ends[prefix])


def _ts(low: int | None, high: int | None) -> Condition:
    return Between("ts", low, high, single=True)
