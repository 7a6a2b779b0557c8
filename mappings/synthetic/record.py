"""What a visit was: XML1 the summary, XML4 the results, XML5 the course, as field → text."""

from collections.abc import Iterator
from datetime import datetime
from html import escape

from mappings.synthetic.money import Share
from mappings.synthetic.people import Person
from mappings.synthetic.plan import Citizen, code, letter
from mappings.synthetic.visits import INPATIENT, LONG_TERM, SUPPLY, Visit

Values = dict[str, str]

NO_OCCUPATION = "00000"
_IMPROVED, _UNCHANGED, _RECOVERED = "2", "3", "1"
_DISCHARGED, _REFERRED, _REFERRED_ON_REQUEST = "1", "2", "5"


def moment(time: datetime) -> str:
    """Give yyyymmddHHMM."""
    return f"{time.year}{time.month:02}{time.day:02}{time.hour:02}{time.minute:02}"


def day(time: datetime) -> str:
    """Give yyyymmdd."""
    return f"{time.year}{time.month:02}{time.day:02}"


def doctor(facility: int, number: int) -> str:
    """Give the practising licence of one of a facility's staff; nobody holds such a licence."""
    return f"{code(facility)}{number:02}/TEST-CCHN"


def head(facility: int) -> str:
    """Give the insurance number of a facility's head."""
    return f"990{code(facility):0>7}"


def ma_lk(person: Person, visit: Visit) -> str:
    """Give the visit's key: one per seed, citizen and visit, whatever the facility."""
    facility = code(visit.occasion.facility)
    return f"{facility}.{person.seed}.{person.number:06}.{visit.occasion.number}"
