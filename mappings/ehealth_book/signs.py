"""Vital signs and what goes with them: one line for each time they were taken.

https://hl7.org/fhir/R4/observation-vitalsigns.html
"""

from collections.abc import Iterable, Sequence

from mappings.ehealth_book import words
from mappings.ehealth_book.results import observation
from mappings.ehealth_book.words import Fhir, joined
from mappings.terms.concepts import LOINC

# As a chart at the bedside has them; what is not here comes last.
_ORDER = ("29463-7", "8302-2", "8867-4", "8310-5", "85354-9", "9279-1", "2708-6")
_KINDS = ("vital-signs", "exam")
_BLOOD_GROUPS = ("882-1", "883-9", "10331-7")


def is_sign(resource: Fhir) -> bool:
    """Say whether an Observation was made at the bedside."""
    return resource["resourceType"] == "Observation" and words.has_code(
        resource.get("category"), *_KINDS
    )


def is_blood_group(resource: Fhir) -> bool:
    """Say whether it is the blood group, which stays the same from visit to visit."""
    return resource["resourceType"] == "Observation" and words.has_code(
        resource.get("code"), *_BLOOD_GROUPS
    )


def sign_lines(signs: Iterable[Fhir]) -> list[str]:
    """Give a line per time, `12/03/2026 07:30 · Mạch: 75 lần/phút · …`, in the order they came."""
    by_time: dict[str, list[Fhir]] = {}
    for one in signs:
        by_time.setdefault(_time(one), []).append(one)
    return [_line(time, taken) for time, taken in by_time.items()]


def _line(time: str, taken: Sequence[Fhir]) -> str:
    told = dict.fromkeys(observation(one, {}) for one in sorted(taken, key=_place))
    return joined((time, *told))


def _time(resource: Fhir) -> str:
    period = words.period(resource.get("effectivePeriod"))
    return words.date(resource.get("effectiveDateTime")) or period


def _place(resource: Fhir) -> int:
    code = words.code(resource.get("code"), LOINC)
    return _ORDER.index(code) if code in _ORDER else len(_ORDER)
