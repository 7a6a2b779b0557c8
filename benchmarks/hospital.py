"""A hospital of any size for searches: citizens with ten visits and a hundred observations each.

The citizen with a number is the same in every hospital, so what a question about one of them finds
does not grow with the number of citizens. Identifiers are of ranges nobody has.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

Fhir = dict[str, Any]

VISITS, OBSERVATIONS = 10, 100
ORGANIZATIONS, FIRST_DAY, DAYS = 20, date(2020, 1, 1), 2_000
# Laboratory results: R4 has profiles of its own for vital signs.
CODES = ("2345-7", "718-7", "4548-4", "2160-0", "2951-2", "2823-3", "6690-2", "777-3")
RARE_CODE = "99999-9"
CITIZEN, VISIT, LOINC = (
    "http://example.org/sid/cccd",
    "http://example.org/sid/visit",
    "http://loinc.org",
)
CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"
# Every hundredth citizen has the rare code.
RARE = 100

_FAMILIES = ("Nguyễn", "Trần", "Lê", "Phạm", "Hoàng", "Vũ", "Đặng", "Bùi", "Đỗ", "Hồ")
_MIDDLES = ("Thị", "Văn", "Hữu", "Đức", "Ngọc", "Minh", "Thanh")
_GIVEN = ("Bưởi", "An", "Bình", "Dũng", "Hạnh", "Khánh", "Lan", "Nam", "Phúc", "Quỳnh", "Sơn")


def organizations() -> Iterator[Fhir]:
    """Give the places of care."""
    for number in range(ORGANIZATIONS):
        name = f"Bệnh viện mẫu số {number:02}"
        yield {"resourceType": "Organization", "id": f"o99{number:03}", "name": name}


def citizens(first: int, last: int) -> Iterator[Fhir]:
    """Give what there is of the citizens `first` to `last` - 1, each Patient first."""
    for number in range(first, last):
        yield _patient(number)
        yield from _visits(number)
        yield from _observations(number)


def patient_id(number: int) -> str:
    """Give the id of a citizen."""
    return f"c{number:07}"


def name_of(number: int) -> tuple[str, list[str]]:
    """Give family name and given names; a middle name and a number of his own tell him apart."""
    family = _FAMILIES[number % len(_FAMILIES)]
    middle = _MIDDLES[number // 10 % len(_MIDDLES)]
    return family, [middle, _GIVEN[number // 70 % len(_GIVEN)], _own_name(number)]


def _own_name(number: int) -> str:
    letters = "abcdefghij"
    return "".join(letters[int(digit)] for digit in f"{number:06}")


def _patient(number: int) -> Fhir:
    family, given = name_of(number)
    return {
        "resourceType": "Patient",
        "id": patient_id(number),
        "identifier": [{"system": CITIZEN, "value": f"099{number:09}"}],
        "name": [{"family": family, "given": given}],
        "gender": ("male", "female")[number % 2],
        "birthDate": (date(1940, 1, 1) + timedelta(days=number * 13 % 30_000)).isoformat(),
        "managingOrganization": {"reference": f"Organization/o99{number % ORGANIZATIONS:03}"},
    }


def _visits(number: int) -> Iterator[Fhir]:
    for visit in range(VISITS):
        on = day(number, visit)
        yield {
            "resourceType": "Encounter",
            "id": f"{patient_id(number)}-{visit}",
            "identifier": [{"system": VISIT, "value": f"99{number:07}-{visit}"}],
            "status": "finished",
            "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"},
            "subject": {"reference": f"Patient/{patient_id(number)}"},
            "period": {"start": f"{on}T08:00:00+07:00", "end": f"{on}T09:00:00+07:00"},
            "serviceProvider": {"reference": f"Organization/o99{number % ORGANIZATIONS:03}"},
        }


def _observations(number: int) -> Iterator[Fhir]:
    for one in range(OBSERVATIONS):
        visit = one % VISITS
        rare = number % RARE == 0 and one == 0
        code = RARE_CODE if rare else CODES[one % len(CODES)]
        minute = one // VISITS
        yield {
            "resourceType": "Observation",
            "id": f"{patient_id(number)}-{visit}-{minute}",
            "status": "final",
            "category": [{"coding": [{"system": CATEGORY, "code": "laboratory"}]}],
            "code": {"coding": [{"system": LOINC, "code": code}]},
            "subject": {"reference": f"Patient/{patient_id(number)}"},
            "encounter": {"reference": f"Encounter/{patient_id(number)}-{visit}"},
            "effectiveDateTime": f"{day(number, visit)}T08:{minute:02}:{number % 60:02}+07:00",
            "valueQuantity": {
                "value": 60 + (number * 7 + one * 11) % 120,
                "unit": "mmol/L",
                "system": "http://unitsofmeasure.org",
                "code": "mmol/L",
            },
        }


def day(number: int, visit: int) -> str:
    """Give the day of a citizen's visit."""
    return (FIRST_DAY + timedelta(days=(number * 37 + visit * 197) % DAYS)).isoformat()
