"""A citizen's years with hospitals, 2023 to 2026: illnesses come, diseases stay, letters are kept.

Citizen k depends on (seed, k) alone, so any part of a population can be made by itself.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from mappings.synthetic.catalogue import Diagnosis, diagnoses
from mappings.synthetic.people import CENTRAL, FACILITIES, Person, person
from mappings.synthetic.visits import Occasion, Visit, visit

FIRST_DAY = datetime(2023, 1, 3)  # noqa: DTZ001 the decree's times have no zone
DAYS = 1380  # the last visits begin in October 2026

RIGHT_FACILITY, SAME_PROVINCE, REFERRED, FOLLOW_UP = "1.1", "1.2", "1.3", "1.5"
EMERGENCY, NOT_INSURED = "2", "9"

_VISITS = {False: (30, 28, 20, 12, 6, 4), True: (8, 10, 18, 24, 22, 18)}
_CHRONIC_FROM = ((30, 0.05), (45, 0.25), (60, 0.55), (200, 0.8))  # until an age, the chance
_OLDEST = 90  # the catalogue knows no diseases beyond
_STEADY = 0.3  # what a visit adds to the control of a disease


@dataclass(frozen=True, slots=True)
class Citizen:
    """One person and their visits, in the order of time."""

    person: Person
    visits: tuple[Visit, ...]


def plan(seed: int, number: int) -> Citizen:
    """Give citizen `number`, counted from 0, of the population `seed`; always the same."""
    rng = Random(f"{seed}:{number}")  # noqa: S311 plausible, not secret
    someone = person(rng, seed, number)
    age = someone.age(FIRST_DAY.date())
    chance = next(chance for end, chance in _CHRONIC_FROM if age < end)
    ill = _chronic(rng, someone, age) if rng.random() < chance else ()
    count = 1 + rng.choices(range(6), _VISITS[bool(ill)])[0]
    return Citizen(someone, tuple(_life(rng, someone, ill, count)))


def letter(someone: Person, number: int, before: Visit) -> str:
    """Give the number of the paper a visit ended with: a referral letter or a follow-up slip."""
    kind = "GCT" if before.referred_to else "GHK"
    at = f"{code(before.occasion.facility)}-{before.left.year}"
    return f"{kind}-{at}-{someone.seed}.{someone.number:06}.{number}"


def code(facility: int) -> str:
    """Give a facility's code, 99001 to 99040."""
    return f"{99000 + facility}"


def _life(
    rng: Random, someone: Person, ill: tuple[Diagnosis, ...], count: int
) -> Iterator[Visit]:
    begin = rng.randrange(max(1, DAYS - count * 100))
    now = _arrival(rng, FIRST_DAY + timedelta(days=begin))
    end = FIRST_DAY + timedelta(days=DAYS)
    before: Visit | None = None
    treated = 0
    for number in range(1, count + 1):
        occasion = _next(rng, someone, ill, before, number, now, treated)
        if occasion.arrived > end:
            return
        before = visit(rng, someone, occasion, _central(someone, occasion))
        treated += occasion.diagnosis.chronic
        now = before.left
        yield before


def _next(
    rng: Random,
    someone: Person,
    ill: tuple[Diagnosis, ...],
    before: Visit | None,
    number: int,
    now: datetime,
    treated: int,
) -> Occasion:
    if before and before.referred_to:
        return _referred(rng, someone, before, number)
    if before and before.follow_up and rng.random() < (0.85 if ill else 0.5):
        return _back(rng, someone, before, number, treated)
    chronic = bool(ill) and (before is None or rng.random() < 0.6)
    age = someone.age(now.date())
    main = ill[0] if chronic else _acute(rng, someone, age)
    facility = someone.home
    if rng.random() < 0.12:
        facility = 1 + (facility % (FACILITIES - CENTRAL))
    arrived = _arrival(rng, now + timedelta(days=rng.randint(20, 150))) if before else now
    return Occasion(
        number=number,
        facility=facility,
        arrived=arrived,
        diagnosis=main,
        others=tuple(one for one in ill if one is not main),
        progress=min(1, treated * _STEADY) if chronic else 0,
        category=_category(someone, main, facility),
        again=chronic and treated > 0,
    )


def _referred(rng: Random, someone: Person, before: Visit, number: int) -> Occasion:
    last = before.occasion
    return Occasion(
        number=number,
        facility=before.referred_to,
        arrived=_arrival(rng, before.left + timedelta(days=rng.randint(1, 7))),
        diagnosis=last.diagnosis,
        others=last.others,
        progress=last.progress,
        category=REFERRED if someone.cards else NOT_INSURED,
        came_from=last.facility,
        came_with=letter(someone, last.number, before),
    )


def _back(rng: Random, someone: Person, before: Visit, number: int, treated: int) -> Occasion:
    """Come back with a follow-up slip, on the day or a few days late."""
    last, day = before.occasion, before.follow_up or before.left
    late = rng.choice((0, 0, 0, 0, 1, 2, 5))
    main = last.diagnosis
    category = last.category if last.category == NOT_INSURED else RIGHT_FACILITY
    if last.category in {REFERRED, FOLLOW_UP}:
        category = FOLLOW_UP
    return Occasion(
        number=number,
        facility=last.facility,
        arrived=_arrival(rng, day + timedelta(days=late)),
        diagnosis=main,
        others=last.others,
        progress=min(1, treated * _STEADY) if main.chronic else 1,
        category=category,
        again=True,
        came_with=letter(someone, last.number, before),
    )


def _chronic(rng: Random, someone: Person, age: int) -> tuple[Diagnosis, ...]:
    """Give a lasting disease and those that came with it."""
    known = diagnoses()
    may = [one for one in known.values() if one.chronic and _fits(one, someone.sex, age)]
    if not may:
        return ()
    main = rng.choices(may, [one.weight for one in may])[0]
    company = [known[code] for code in main.company if rng.random() < 0.45]
    return (main, *(one for one in company if _fits(one, someone.sex, age)))


def _acute(rng: Random, someone: Person, age: int) -> Diagnosis:
    may = [
        one for one in diagnoses().values() if not one.chronic and _fits(one, someone.sex, age)
    ]
    return rng.choices(may, [one.weight for one in may])[0]


def _fits(one: Diagnosis, sex: str, age: int) -> bool:
    return one.sex in {"", sex} and one.ages[0] <= min(max(age, 1), _OLDEST) <= one.ages[1]


def _category(someone: Person, main: Diagnosis, facility: int) -> str:
    if not someone.cards:
        return NOT_INSURED
    if main.emergency:
        return EMERGENCY
    return RIGHT_FACILITY if facility == someone.home else SAME_PROVINCE


def _central(someone: Person, occasion: Occasion) -> int:
    """Give the central facility to refer to, 0 for who is there already."""
    first = FACILITIES - CENTRAL + 1
    return first + someone.home % CENTRAL if occasion.facility < first else 0


def _arrival(rng: Random, day: datetime) -> datetime:
    return day.replace(hour=rng.randint(7, 15), minute=5 * rng.randrange(12))
