"""What is wrong with a row: a reason, and where; never a value of it.

`REASONS` are all there are, with what each means, for reports and the documentation.
"""

from dataclasses import dataclass

REASONS = {
    "unreadable": "the line is no JSON object, or not UTF-8",
    "too-long": "the line is over 1 MB",
    "unknown-kind": "kind is none of judgment, prohibition, paper",
    "unknown-column": "a column that is not in the table of columns",
    "unknown-element": "an element that is not in the definition",
    "wrong-type": "a value of another type, with decimals, too long, or with control characters",
    "missing": "something without which the record cannot be found or shown",
    "impossible-date": "a date that is not in the calendar",
    "future-date": "a date after today",
    "wrong-order": "a date before another it has to follow",
    "too-young": "convicted under the age of criminal liability, 14",
    "unknown-court": "a court that is not in the list of courts",
    "unknown-paper": "a kind of paper that is not in the list",
    "unknown-code": "a code that is not in its list",
    "wrong-number": "the number of an identity paper is not made like one",
    "no-judgment": "a paper about a judgment that is not here",
    "differs": "the same judgment is here and says something else, or is of another day",
}


@dataclass(frozen=True, slots=True)
class Problem:
    """`reason` is a key of REASONS, `where` a path such as conviction.offence[0].code."""

    reason: str
    where: str = ""


class BadValueError(ValueError):
    """A cell that cannot be read; the message is a key of REASONS."""
