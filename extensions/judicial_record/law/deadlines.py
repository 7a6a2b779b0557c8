"""When a term ends. Pure: a time received, a rule, the working days, and when the clock stood.

The first day is not counted, and a term whose last day is a day off ends on the next working day:
Civil Code 2015, Arts 147 and 148 (recalled). All times are int µs since the Unix epoch, UTC.
"""

from collections.abc import Sequence
from datetime import date

from extensions.judicial_record.law.days import DAY, Days, day_of, end_of
from extensions.judicial_record.law.policy import LawError, Rule

Pause = tuple[int, int]
HOUR = 3_600_000_000
# A term of the law is days or weeks; a rule that counts more is a mistake in the rule.
_MOST_DAYS = 10_000


def due(received: int, rule: Rule, days: Days, pauses: Sequence[Pause] = ()) -> int:
    """Give the last µs in time: the end of the due day, or so many hours on.

    `pauses` are [from, to): a day at whose end the clock stands is not counted, of hours the paused
    ones are not. A pause not over yet is given to now. Raises LawError for a rule that is no term.
    """
    stood = _merged(pauses)
    if rule.unit == "hour":
        return _hours(received, rule.number * HOUR, stood)
    if rule.unit not in {"day", "working-day"}:
        raise LawError(f"The rule {rule.key} is counted in {rule.unit}: it is no term.")
    last = _counted(day_of(received), rule, days, stood)
    return end_of(days.next_working(last))


def _counted(day: date, rule: Rule, days: Days, stood: Sequence[Pause]) -> date:
    left = min(rule.number, _MOST_DAYS)
    while left:
        day += DAY
        if (rule.unit == "day" or days.works(day)) and not _stands(end_of(day), stood):
            left -= 1
    return day


def _stands(moment: int, stood: Sequence[Pause]) -> bool:
    return any(start <= moment < end for start, end in stood)


def _hours(received: int, length: int, stood: Sequence[Pause]) -> int:
    ends = received + length
    for start, end in stood:
        if start < ends and end > received:
            ends += end - max(start, received)
    return ends


def _merged(pauses: Sequence[Pause]) -> list[Pause]:
    """Give the pauses in order, those that touch or overlap as one."""
    merged: list[Pause] = []
    for start, end in sorted(pauses):
        if merged and start <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(end, merged[-1][1])
        elif start < end:
            merged.append((start, end))
    return merged
