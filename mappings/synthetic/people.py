"""Plausible citizens who do not exist: every number is from a range nobody is given.

Citizen numbers have the province code 099, insurance numbers and facilities begin with 99: none is
assigned. Telephone numbers begin with 0000: 00 is the international prefix in Viet Nam, and no
country code begins with 0 (https://www.itu.int/rec/T-REC-E.164), so nobody can be called.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from importlib.resources import files
from random import Random
from typing import Any

import msgspec

MALE, FEMALE = "1", "2"
KINH = "01"
MAX_CITIZENS = 1_000_000
FACILITIES = 40
CENTRAL = 6  # the last facilities, to which the others refer

_YOUNGEST = date(2022, 12, 1)
_DECADES = (9, 8, 9, 12, 14, 16, 16, 11, 4, 1)  # citizens seen by hospitals, by decade of age
_YEAR_ONLY_BEFORE = 1960
_PROVINCES = 34
_SOUTH = "75"  # province codes run from north to south
_STRIDE = 387_421  # coprime with 10: counting by it meets every number of six or seven digits once
_ADULT, _OLD, _SCHOOL = 18, 60, 6


@dataclass(frozen=True, slots=True)
class Person:
    """One citizen as a hospital registers them.

    `sex` is the decree's code, `birth` its NGAY_SINH (yyyymmddHHMM, 0000 for what is not known),
    `home` the facility on the insurance cards, `cards` none, one or two card numbers.
    """

    number: int
    name: str
    sex: str
    born: date
    birth: str
    citizen_id: str
    ethnicity: str
    blood: str
    province: str
    commune: str
    address: str
    phone: str
    home: int
    cards: tuple[str, ...]
    weight: float
    seed: int

    def age(self, day: date) -> int:
        """Give the age in whole years on a day."""
        before = (day.month, day.day) < (self.born.month, self.born.day)
        return day.year - self.born.year - before


def person(rng: Random, seed: int, number: int) -> Person:
    """Give citizen `number`, counted from 0, of the population `seed`.

    Raises ValueError from MAX_CITIZENS on, where citizen numbers would begin to repeat.
    """
    if not 0 <= number < MAX_CITIZENS:
        raise ValueError(f"citizens are numbered from 0 to {MAX_CITIZENS - 1}")
    sex = rng.choice((MALE, FEMALE))
    born = _born(rng)
    place = rng.choices(range(_PROVINCES), _populations())[0]
    province, province_name, wards = _provinces()[place]
    commune, commune_name = rng.choice(wards)
    return Person(
        number=number,
        name=_name(rng, sex, born.year),
        sex=sex,
        born=born,
        birth=_birth(rng, born),
        citizen_id=_citizen_id(seed, number, sex, born.year) if _has(rng, "citizen_id") else "",
        ethnicity=_ethnicity(rng, province),
        blood=pick(rng, _words()["blood"]) if _has(rng, "blood") else "",
        province=province,
        commune=commune,
        address=f"{_house(rng, province, commune_name)}, {commune_name}, {province_name}",
        phone=f"0000{rng.randrange(10**6):06}" if _has(rng, "phone") else "",
        home=1 + place,
        cards=_cards(rng, seed, number, _YOUNGEST.year + 1 - born.year),
        weight=_weight(rng, sex, _YOUNGEST.year + 1 - born.year),
        seed=seed,
    )


def pick(rng: Random, weighted: dict[str, int]) -> str:
    """Choose a key by its weight."""
    return rng.choices(list(weighted), list(weighted.values()))[0]


def staff_name(facility: int, number: int) -> str:
    """Give the name of one of a facility's doctors, always the same."""
    words = _words()
    at = facility * 31 + number * 17
    sex = MALE if at % 2 else FEMALE
    family = list(words["family"])[at % 12]
    cohort = words["cohorts"][1][sex]
    middle, given = (list(cohort[part]) for part in ("middle", "given"))
    return f"{family} {middle[at % len(middle)]} {given[at % len(given)]}"


def _has(rng: Random, what: str) -> bool:
    return bool(rng.random() < _words()["shares"][what])


def _born(rng: Random) -> date:
    decade = rng.choices(range(10), _DECADES)[0]
    return _YOUNGEST - timedelta(days=rng.randrange(decade * 3652, decade * 3652 + 3652))


def _birth(rng: Random, born: date) -> str:
    if born.year < _YEAR_ONLY_BEFORE and _has(rng, "year_only"):
        return f"{born.year}00000000"
    return f"{born:%Y%m%d}0000"


def _name(rng: Random, sex: str, year: int) -> str:
    words = _words()
    cohort = next(one for one in words["cohorts"] if year < one["born_before"])[sex]
    parts = (words["family"], cohort["middle"], cohort["given"])
    return " ".join(pick(rng, part) for part in parts).upper()


def _citizen_id(seed: int, number: int, sex: str, year: int) -> str:
    century = (year // 100 - 19) * 2 + (sex == FEMALE)
    return f"099{century}{year % 100:02}{_spread(seed, number, 10**6):06}"


def _spread(seed: int, number: int, size: int) -> int:
    """Give each number of 0..size-1 its own place in the same range."""
    return (number * _STRIDE + seed * 7919) % size


def _ethnicity(rng: Random, province: str) -> str:
    others = _words()["minorities"].get(province)
    return rng.choice(others) if others and _has(rng, "minority") else KINH


def _house(rng: Random, province: str, commune_name: str) -> str:
    words = _words()
    if commune_name.startswith("Phường"):
        return f"Số {rng.randrange(1, 240)}, đường {rng.choice(words['streets'])}"
    region = "south" if province >= _SOUTH else "north"
    return str(rng.choice(words["hamlets"][region]))


def _cards(rng: Random, seed: int, number: int, age: int) -> tuple[str, ...]:
    insured, twice = _has(rng, "card"), _has(rng, "two_cards")
    kinds = _words()["cards"]
    bounds = (("child", _SCHOOL), ("young", _ADULT), ("adult", _OLD), ("old", 200))
    group = kinds[next(name for name, end in bounds if age < end)]
    first, second = pick(rng, group), pick(rng, group)
    # 990… is kept for the heads of facilities.
    own = f"991{_spread(seed, number, 10**7):07}"
    held = dict.fromkeys((first, second) if twice else (first,))
    return tuple(f"{kind}99{own}" for kind in held) if insured else ()


def _weight(rng: Random, sex: str, age: int) -> float:
    if age < _ADULT:
        return round(8 + age * 2.6 + rng.uniform(-1.5, 3), 1)
    return round(rng.gauss(61 if sex == MALE else 53, 7), 1)


@cache
def _words() -> dict[str, Any]:
    source = files("mappings.synthetic") / "data" / "people.json"
    found: dict[str, Any] = msgspec.json.decode(source.read_bytes())
    return found


@cache
def _provinces() -> list[tuple[str, str, list[tuple[str, str]]]]:
    source = files("mappings.terms") / "administrative-units-2025.json"
    units = msgspec.json.decode(source.read_bytes())["provinces"]
    return [(unit["code"], unit["name"], unit["wards"]) for unit in units]


@cache
def _populations() -> list[int]:
    return [_words()["population"][code] for code, _, _ in _provinces()]
