"""What the synthetic hospital knows: diagnoses, services and medicines, from the files in data/.

Names of diagnoses follow ICD-10 as used in Viet Nam; codes of services and medicines have the form
of the national lists and are plausible, not authoritative.
"""

from functools import cache
from importlib.resources import files
from typing import TypeVar

import msgspec

Range = tuple[float, float]
_T = TypeVar("_T")


class Index(msgspec.Struct, frozen=True):
    """One measured value of a service.

    `low` to `high` is the reference range (`female` where it differs), `digits` the decimals
    reported, `least` the smallest value the method can tell. Without a range it is `normal`, text.
    """

    key: str
    name: str
    unit: str = ""
    low: float = 0
    high: float = 0
    female: Range | None = None
    digits: int = 0
    least: float = 0
    normal: str = ""


class Service(msgspec.Struct, frozen=True):
    """One service: `group` is the decree's cost group, `price` is in dong.

    `findings` holds (description, conclusion) by diagnosis code, under "" the usual ones.
    """

    code: str
    name: str
    group: int
    price: int
    unit: str = "Lần"
    icd9: str = ""
    indices: tuple[Index, ...] = ()
    findings: dict[str, tuple[str, str]] = {}


class Medicine(msgspec.Struct, frozen=True):
    """One medicine: `price` in dong per `unit`; `quantity` is set where a pack lasts the course."""

    code: str
    name: str
    strength: str
    dose: int
    times: int
    how: str
    price: int
    unit: str = "Viên"
    form: str = "Viên nén"
    route: str = "1.01"
    dose_unit: str = ""
    quantity: int = 0


class Diagnosis(msgspec.Struct, frozen=True):
    """One disease: whom it meets, and what a hospital then finds and does.

    `abnormal` and `vitals` give, per index or sign, the value when well treated and when not, or a
    text. `follow` and `supply` are days; `stay` and `refer` chances from 0 to 1; `days` in bed.
    """

    name: str
    arrival: str
    reasons: tuple[str, ...]
    signs: str
    ages: tuple[int, int]
    weight: int
    services: tuple[str, ...]
    drugs: tuple[str, ...]
    treatment: str
    advice: str
    again: str = "Khám lại theo hẹn"
    sex: str = ""
    chronic: bool = False
    company: tuple[str, ...] = ()
    sometimes: tuple[str, ...] = ()
    abnormal: dict[str, Range | str] = {}
    vitals: dict[str, Range] = {}
    child_drugs: tuple[str, ...] = ()
    supply: int = 7
    follow: int = 0
    stay: float = 0
    days: tuple[int, int] = (3, 6)
    department: str = "K03"
    refer: float = 0
    onward: str = ""
    accident: str = ""
    emergency: bool = False
    code: str = ""


@cache
def diagnoses() -> dict[str, Diagnosis]:
    """Give ICD-10 code → Diagnosis."""
    read = _load("diagnoses", dict[str, Diagnosis])
    return {code: msgspec.structs.replace(found, code=code) for code, found in read.items()}


@cache
def services() -> dict[str, Service]:
    """Give the catalogue's own key → Service."""
    return _load("services", dict[str, Service])


@cache
def medicines() -> dict[str, Medicine]:
    """Give the catalogue's own key → Medicine."""
    return _load("medicines", dict[str, Medicine])


def _load(name: str, kind: type[_T]) -> _T:
    source = files("mappings.synthetic") / "data" / f"{name}.json"
    return msgspec.json.decode(source.read_bytes(), type=kind)
