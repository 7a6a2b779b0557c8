"""Date parameters: ranges as long as they are precise, and the prefixes that compare them.

https://hl7.org/fhir/R4/search.html#date and https://hl7.org/fhir/R4/search.html#prefix
"""

import math
import re
from datetime import UTC, datetime, timedelta, tzinfo
from typing import NamedTuple

from tests.oracle.definitions import Value, children
from tests.oracle.words import plain
from tests.oracle.world import World

MICROSECOND = timedelta(microseconds=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SHAPE = re.compile(
    r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d+))?)?(Z|[+-]\d\d:\d\d)?)?)?)?"
)


class Range(NamedTuple):
    """From `start` on until before `end`, in microseconds; infinite where a Period is open."""

    start: float
    end: float


def range_of(text: str, zone: tzinfo) -> Range:
    """Give the range a date stands for: `2026-11` is all of November."""
    match = SHAPE.fullmatch(text)
    assert match, text
    _, month, day, _, minute, second, fraction, offset = match.groups()
    if offset == "Z":
        zone = UTC
    elif offset:
        zone = datetime.strptime(offset, "%z").tzinfo or UTC
    least = (0, 1, 1, 0, 0, 0)
    given = zip(match.groups()[:6], least, strict=True)
    start = datetime(*(int(part or start) for part, start in given), tzinfo=zone)
    if fraction:
        start += int(fraction[:6].ljust(6, "0")) * MICROSECOND
        return Range(*map(since, (start, start + 10 ** (6 - len(fraction[:6])) * MICROSECOND)))
    if second:
        return Range(since(start), since(start + timedelta(seconds=1)))
    if minute:
        return Range(since(start), since(start + timedelta(minutes=1)))
    if day:
        return Range(since(start), since(start + timedelta(days=1)))
    if month:
        december = start.month == 12
        following = (start.year + december, 1 if december else start.month + 1)
        return Range(since(start), since(start.replace(year=following[0], month=following[1])))
    return Range(since(start), since(start.replace(year=start.year + 1)))


def since(moment: datetime) -> int:
    """Give the microseconds from the epoch."""
    return (moment - EPOCH) // MICROSECOND


def value_range(value: Value, world: World) -> Range | None:
    """Give the range of a date, a Period, or a Timing from its first to its last."""
    if isinstance(value.json, str):
        return range_of(value.json, world.zone)
    if value.type == "Period":
        start, end = value.json.get("start"), value.json.get("end")
        if not start and not end:
            return None
        return Range(
            range_of(start, world.zone).start if start else -math.inf,
            range_of(end, world.zone).end if end else math.inf,
        )
    if value.type != "Timing":
        return None
    inner = children(value, "event")
    for repeat in children(value, "repeat"):
        inner += [one for one in children(repeat, "bounds") if one.type == "Period"]
    spans = [span for one in inner if (span := value_range(one, world))]
    if not spans:
        return None
    return Range(min(span.start for span in spans), max(span.end for span in spans))


def eq(value: Range, asked: Range) -> bool:
    """The range asked for fully contains that of the value."""
    return asked.start <= value.start and value.end <= asked.end


def ne(value: Range, asked: Range) -> bool:
    return not eq(value, asked)


def gt(value: Range, asked: Range) -> bool:
    """What lies above the range asked for overlaps with the value's."""
    return value.end > asked.end


def lt(value: Range, asked: Range) -> bool:
    """What lies below the range asked for overlaps with the value's."""
    return value.start < asked.start


def ge(value: Range, asked: Range) -> bool:
    return gt(value, asked) or eq(value, asked)


def le(value: Range, asked: Range) -> bool:
    return lt(value, asked) or eq(value, asked)


def sa(value: Range, asked: Range) -> bool:
    """The value's range begins after the one asked for."""
    return value.start >= asked.end


def eb(value: Range, asked: Range) -> bool:
    """The value's range ends before the one asked for."""
    return value.end <= asked.start


def ap(value: Range, asked: Range) -> bool:
    """They overlap, once what is asked for is widened by its own length on both sides."""
    width = asked.end - asked.start
    return value.start < asked.end + width and value.end > asked.start - width


PREFIXES = {
    "eq": eq,
    "ne": ne,
    "gt": gt,
    "lt": lt,
    "ge": ge,
    "le": le,
    "sa": sa,
    "eb": eb,
    "ap": ap,
}


def compares(text: str, value: Value, world: World) -> bool:
    asked = plain(text)
    prefix = asked[:2] if asked[:2] in PREFIXES else ""
    span = value_range(value, world)
    wanted = range_of(asked.removeprefix(prefix), world.zone)
    return span is not None and PREFIXES[prefix or "eq"](span, wanted)


MODIFIERS = {"": compares}


def order(value: Value, world: World) -> float | None:
    """Sort by the start."""
    span = value_range(value, world)
    return span.start if span else None
