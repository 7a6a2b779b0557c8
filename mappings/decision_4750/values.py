"""What is wrong with one value: each check gives a reason that follows "is", or an empty string."""

import re
from collections.abc import Callable, Iterable

from mappings.terms import dates

_NUMBER = re.compile(r"-?\d+(\.\d{1,15})?", re.ASCII)


def anything(_: str) -> str:
    """Text may be anything."""
    return ""


def number(text: str) -> str:
    """Numbers have a decimal point, no thousands separator."""
    return "" if _NUMBER.fullmatch(text) else "not a number; write digits, with a decimal point"


def one_of(known: Iterable[str]) -> Callable[[str], str]:
    """Give the check of a closed code list."""
    allowed = frozenset(known)
    told = f"not one of the codes {', '.join(sorted(allowed))}"
    return lambda text: "" if text in allowed else told


def _day(text: str) -> str:
    return _told(dates.day, text)


def _moment(text: str) -> str:
    return _told(dates.moment, text)


def _birth(text: str) -> str:
    return _told(dates.birth, text)


def _days(text: str) -> str:
    return next((fault for part in split(text) if (fault := _day(part))), "")


def split(text: str) -> list[str]:
    """Give the values of a `;` list, the empty ones left out."""
    return [part for part in map(str.strip, text.split(";")) if part]


def positions(text: str) -> list[str]:
    """Give the values of a `;` list whose place matters, the empty ones kept."""
    return [part.strip() for part in text.split(";")] if text else []


def _told(read: Callable[[str], object], text: str) -> str:
    try:
        read(text)
    except ValueError as reason:
        return f"not a possible date: {reason}"
    return ""


# Days without a time are taken where a time is asked for: hospitals write both.
FORMATS: dict[str, Callable[[str], str]] = {
    "yyyymmdd": _day,
    "yyyymmddHHMM": _moment,
    "yyyymmdd|yyyymmddHHMM": _moment,
    "yyyymmdd ;-list": _days,
    "birth": _birth,
}
