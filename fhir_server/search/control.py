"""Parameters that shape the answer instead of selecting, such as `_count` and `_sort`.

https://hl7.org/fhir/R4/search.html#return
"""

from collections.abc import Iterable, Mapping

from msgspec import structs

from fhir_server.fhir.errors import Invalid
from fhir_server.search.kinds import kind_of
from fhir_server.search.project import SUMMARIES
from fhir_server.search.query import BY_ID, SearchQuery, SortKey
from fhir_server.spec.spec import SearchParam

NAMES = frozenset(
    {"_count", "_sort", "_total", "_summary", "_elements", "_page"}
    | {"_contained", "_containedType", "__explain"}
)
CONTAINED = ("false", "true", "both")
CONTAINED_TYPES = ("container", "contained")
TOTALS = ("none", "estimate", "accurate")
MAX_SORT_KEYS = 4
MAX_DIGITS = 9
MAX_LENGTH = 4096


def shaped(
    query: SearchQuery,
    parameters: Iterable[tuple[str, str]],
    params: Mapping[str, SearchParam],
    *,
    default: int,
    cap: int,
) -> SearchQuery:
    """Give the query with the shape its control parameters ask for.

    Raises Invalid, naming the parameter, for a value it cannot have or a second one.
    """
    given = _given(parameters)
    summary = _one_of("_summary", given.get("_summary", "false"), SUMMARIES)
    count = count_of(given.get("_count"), default=default, cap=cap)
    return structs.replace(
        query,
        sort=sort_of(given.get("_sort", ""), params),
        count=0 if summary == "count" else count,
        total=_one_of("_total", given.get("_total", "none"), TOTALS),
        summary=summary,
        after=given.get("_page"),
        contained=_one_of("_contained", given.get("_contained", "false"), CONTAINED),
        contained_type=_one_of(
            "_containedType", given.get("_containedType", "container"), CONTAINED_TYPES
        ),
        explain=_one_of("__explain", given.get("__explain", "false"), ("true", "false")) == "true",
    )


def applied(query: SearchQuery, name: str, value: str) -> tuple[str, str]:
    """Give a parameter as it was applied: `_count` within its cap."""
    return name, str(query.count) if name == "_count" else value


def count_of(text: str | None, *, default: int, cap: int) -> int:
    """Give the page size: `default` for None, at most `cap`; 0 asks for the total only."""
    if text is None:
        return min(default, cap)
    if not (text.isascii() and text.isdigit()):
        raise Invalid(f"_count={text[:32]!r} is not a number from 0 to {cap}.", code="value")
    return cap if len(text) > MAX_DIGITS else min(int(text), cap)


def sort_of(text: str, params: Mapping[str, SearchParam]) -> tuple[SortKey, ...]:
    """Give the keys of `_sort=-date,code`, ended by `_id` in the direction of the last key."""
    rules = [rule for rule in text.split(",") if rule]
    if len(rules) > MAX_SORT_KEYS:
        raise Invalid(f"_sort takes at most {MAX_SORT_KEYS} keys.", code="too-costly")
    keys: dict[str, SortKey] = {}
    for rule in rules:
        key = _key(rule, params)
        keys.setdefault(key.field, key)
        if key.field == BY_ID.field:
            break
    if not keys:
        return (BY_ID,)
    descending = [*keys.values()][-1].descending
    keys.setdefault(BY_ID.field, SortKey(BY_ID.field, descending, nullable=False))
    return tuple(keys.values())


def _given(parameters: Iterable[tuple[str, str]]) -> dict[str, str]:
    given: dict[str, str] = {}
    for name, value in parameters:
        if name in NAMES:
            if name in given:
                raise Invalid(f"{name} may stand only once.")
            if len(value) > MAX_LENGTH:
                raise Invalid(f"{name} is longer than {MAX_LENGTH} letters.", code="too-costly")
            given[name] = value
    return given


def _key(rule: str, params: Mapping[str, SearchParam]) -> SortKey:
    code = rule.removeprefix("-")
    param = params.get(code)
    kind = kind_of(param) if param else None
    if param is None or kind is None:
        raise Invalid(f"_sort={code[:64]!r}: no parameter to sort by.", code="not-supported")
    if kind.sort is None:
        told = f"_sort={code[:64]!r}: parameters of type {param.type} have no order."
        raise Invalid(told, code="not-supported")
    return SortKey(
        field=kind.sort.format(code),
        descending=rule.startswith("-"),
        single=param.single if kind.sort_single is None else kind.sort_single,
        nullable=kind.writes is not None,
        prefix=kind.sort_prefix,
    )


def _one_of(name: str, value: str, known: tuple[str, ...]) -> str:
    if value not in known:
        raise Invalid(
            f"{name}={value[:32]!r} is not supported; known: {', '.join(known)}.",
            code="not-supported",
        )
    return value
