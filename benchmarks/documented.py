"""The documented searches: docs/search-performance.md says what serves each."""

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote

from benchmarks import hospital
from benchmarks.hospital import patient_id

PAGE, DEEP = 20, 500


@dataclass(frozen=True, slots=True)
class Search:
    """A documented search: `ask(number)` is its URL for a citizen.

    `bounded`: what it finds does not grow with the hospital. `rows`: it answers with resources.
    `deep`: the page of it behind the others is meant.
    """

    name: str
    ask: Callable[[int], str]
    bounded: bool = True
    rows: bool = True
    deep: bool = False


def _code(code: str) -> str:
    return quote(f"{hospital.LOINC}|{code}")


# Last those the embedded server answers by reading all there is: it goes on after it was given up.
SEARCHES = (
    Search(
        "patient + code, newest first",
        lambda n: (
            f"Observation?patient={patient_id(n)}&code={_code(hospital.CODES[0])}&_sort=-date"
        ),
    ),
    Search("identifier", lambda n: f"Patient?identifier={quote(f'{hospital.CITIZEN}|099{n:09}')}"),
    Search(
        "_revinclude",
        lambda n: f"Encounter?_id={patient_id(n)}-0&_revinclude=Observation:encounter",
    ),
    Search(
        "_has",
        lambda n: (
            f"Patient?_id={patient_id(n)}&_has:Observation:patient:code={_code(hospital.CODES[1])}"
        ),
    ),
    Search(
        "_has, rare",
        lambda _: f"Patient?_has:Observation:patient:code={_code(hospital.RARE_CODE)}",
        bounded=False,
    ),
    Search(
        "two-hop chain",
        lambda n: (
            f"Observation?patient={patient_id(n)}&encounter.service-provider.name="
            f"{quote('Bệnh viện mẫu số')}&_count={PAGE}"
        ),
    ),
    Search("name prefix", lambda n: f"Patient?name={quote(' '.join(hospital.name_of(n)[1])[:-1])}"),
    Search(
        "encounter by date",
        lambda n: f"Encounter?date={hospital.day(n, 0)}&_sort=-date&_count={PAGE}",
        bounded=False,
    ),
    Search(
        "composite code-value",
        lambda n: (
            f"Observation?patient={patient_id(n)}&code-value-quantity="
            f"{_code(hospital.CODES[2])}$gt100"
        ),
    ),
    Search(
        "total of a type",
        lambda _: "Observation?_summary=count",
        bounded=False,
        rows=False,
    ),
    Search(
        "code + date range, newest first",
        lambda n: (
            f"Observation?code={_code(hospital.CODES[n % 8])}&date=ge2021-03&date=lt2021-06"
            f"&_sort=-date&_count={PAGE}"
        ),
    ),
    *(
        Search(
            f"page {number} by keyset",
            lambda _: f"Observation?_sort=-_lastUpdated&_count={PAGE}",
            deep=number > 1,
        )
        for number in (1, DEEP)
    ),
)
