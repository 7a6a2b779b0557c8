"""A citizen's years with hospitals, 2023 to 2026: illnesses come, diseases stay, letters are kept.

Citizen k depends on (seed, k) alone, so any part of a population can be made by itself.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random

from mappings.synthetic.catalogue import Diagnosis, diagnoses
from mappings.synthetic.people import CENTRAL, FACILITIES, Person, person
from mappings.synthetic.visits import Occasion, Visit, visit

FIRST_DAY = datetime(2023, 1, 3)  # noqa: DTZ001 the decree's times have no zone
DAYS = 1390
LAST_DAY = FIRST_DAY + timedelta(days=DAYS)  # in October 2026

RIGHT_FACILITY, SAME_PROVINCE, REFERRED, FOLLOW_UP = "1.1", "1.2", "1.3", "1.5"
EMERGENCY, NOT_INSURED = "2", "9"

# Of who comes back to the facility that treated them before.
_NEXT_CATEGORY = {REFERRED: FOLLOW_UP, EMERGENCY: RIGHT_FACILITY}

_VISITS = {False: (30, 28, 20, 12, 6, 4), True: (8, 10, 18, 24, 22, 18)}
_CHRONIC_FROM = ((30, 0.05), (45, 0.25), (60, 0.55), (200, 0.8))  # until an age, the chance
_DAYS_A_VISIT = 100
_FAITHFUL, _FORGETFUL = 0.85, 0.5  # come back with a follow-up slip: lasting disease, others
_CHRONIC, _ELSEWHERE, _COMPANY = 0.6, 0.12, 0.45
_OLDEST = 90  # the catalogue knows no diseases beyond
_STEADY = 0.3  # what a visit adds to the control of a disease

Ills = tuple[Diagnosis, ...]  # a lasting disease and what came with it


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
    begin = FIRST_DAY + timedelta(days=rng.randrange(DAYS - count * _DAYS_A_VISIT))
    return Citizen(someone, tuple(_life(rng, someone, ill, _arrival(rng, begin), count)))


def _life(rng: Random, someone: Person, ill: Ills, begin: datetime, count: int) -> Iterator[Visit]:
    occasion = _new(rng, someone, ill, begin, treated=0)
    treated = 0
    while occasion.arrived < LAST_DAY:
        before = visit(rng, someone, occasion, _central(someone, occasion))
        yield before
        if occasion.number == count:
            return
        treated += occasion.diagnosis.chronic
        occasion = replace(_next(rng, someone, ill, before, treated), number=occasion.number + 1)


def _next(rng: Random, someone: Person, ill: Ills, before: Visit, treated: int) -> Occasion:
    if before.referred_to:
        return _referred(rng, someone, before)
    if before.follow_up and rng.random() < (_FAITHFUL if ill else _FORGETFUL):
        return _back(rng, before, before.follow_up, treated)
    day = before.left + timedelta(days=rng.randint(20, 150))
    return _new(rng, someone, ill, _arrival(rng, day), treated)


def _new(rng: Random, someone: Person, ill: Ills, arrived: datetime, treated: int) -> Occasion:
    """Come for a reason of one's own: the lasting disease, or something new."""
    chronic = bool(ill) and (not treated or rng.random() < _CHRONIC)
    main = ill[0] if chronic else _acute(rng, someone, someone.age(arrived.date()))
    elsewhere = rng.random() < _ELSEWHERE
    facility = 1 + someone.home % (FACILITIES - CENTRAL) if elsewhere else someone.home
    return Occasion(
        number=1,
        facility=facility,
        arrived=arrived,
        diagnosis=main,
        others=tuple(one for one in ill if one is not main),
        progress=_progress(treated),
        category=_category(someone, main, facility),
        again=chronic and treated > 0,
    )


def _referred(rng: Random, someone: Person, before: Visit) -> Occasion:
    last = before.occasion
    return replace(
        last,
        facility=before.referred_to,
        arrived=_arrival(rng, before.left + timedelta(days=rng.randint(1, 7))),
        category=REFERRED if someone.cards else NOT_INSURED,
        came_from=last.facility,
        came_by=before.paper,
    )


def _back(rng: Random, before: Visit, day: datetime, treated: int) -> Occasion:
    """Come back with a follow-up slip, on the day or a few days late."""
    last = before.occasion
    late = rng.choice((0, 0, 0, 0, 1, 2, 5))
    category = _NEXT_CATEGORY.get(last.category, last.category)
    return replace(
        last,
        arrived=_arrival(rng, day + timedelta(days=late)),
        progress=_progress(treated),
        category=category,
        again=True,
        came_from=0,
        came_by=before.paper,
    )


def _progress(treated: int) -> float:
    return min(1, treated * _STEADY)


def _chronic(rng: Random, someone: Person, age: int) -> Ills:
    """Give a lasting disease and those that came with it."""
    known = diagnoses()
    may = [one for one in known.values() if one.chronic and _fits(one, someone.sex, age)]
    if not may:
        return ()
    main = rng.choices(may, [one.weight for one in may])[0]
    company = [known[code] for code in main.company if rng.random() < _COMPANY]
    return (main, *(one for one in company if _fits(one, someone.sex, age)))


def _acute(rng: Random, someone: Person, age: int) -> Diagnosis:
    may = [one for one in diagnoses().values() if not one.chronic and _fits(one, someone.sex, age)]
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
    return day.replace(hour=rng.randint(7, 13), minute=5 * rng.randrange(12))
