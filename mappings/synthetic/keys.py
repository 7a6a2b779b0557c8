"""The numbers hospitals give to visits, papers, staff and themselves; none of them is assigned."""

from datetime import datetime

from mappings.synthetic.people import Person
from mappings.synthetic.visits import Paper, Visit

Values = dict[str, str]


def code(facility: int) -> str:
    """Give a facility's code, 99001 to 99040."""
    return f"{99000 + facility}"


def doctor(facility: int, number: int) -> str:
    """Give the practising licence of one of a facility's staff."""
    return f"{code(facility)}{number:02}/TEST-CCHN"


def head(facility: int) -> str:
    """Give the 10-digit insurance number of a facility's head."""
    return f"990{code(facility):0>7}"


def ma_lk(person: Person, visit: Visit) -> str:
    """Give the visit's key; with the seed in it no two populations share one."""
    occasion = visit.occasion
    return f"{code(occasion.facility)}.{person.seed}.{person.number:06}.{occasion.number}"


def letter(person: Person, paper: Paper) -> str:
    """Give the number of a referral letter or a follow-up slip."""
    at = f"{code(paper.facility)}.{person.seed}.{person.number:06}.{paper.visit}"
    return f"{paper.kind}-{at}"


def moment(time: datetime) -> str:
    """Give a time as yyyymmddHHMM."""
    return f"{time.year}{time.month:02}{time.day:02}{time.hour:02}{time.minute:02}"


def day(time: datetime) -> str:
    """Give a day as yyyymmdd."""
    return f"{time.year}{time.month:02}{time.day:02}"
