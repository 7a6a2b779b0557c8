"""The workloads of the whole bench, a row each: what is asked, by how many, what an answer holds.

All but the national ones can be asked of any FHIR server that lets a client choose ids.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import count, islice
from typing import Any
from urllib.parse import quote

from benchmarks import hospital, workloads
from benchmarks.hospital import CITIZEN, CODES, LOINC, patient_id
from benchmarks.workloads import ENTRIES, Workload
from fhir_server.fhir import json

Fhir = dict[str, Any]
# What may be updated, and by it the number of updates a run sends.
UPDATED = 200
_ENTRY, _DONE = b'"fullUrl"', b"HTTP/1.1 2"
_OWN_CODE = "1975-2"
TAG = "http://example.org/benchmark"


@dataclass(slots=True)
class Site:
    """A server as its requests name it: path of its base, citizens in it, tag of this run's data.

    `version` of what is updated; a run of updates ends with the next. `token` of who asks.
    """

    base: str = "/fhir"
    citizens: int = 40
    tag: str = "benchmark"
    version: int = 1
    token: str = ""

    def get(self, path: str, *headers: str) -> bytes:
        """Give a GET of a path below the base."""
        return workloads.get(f"{self.base}/{path}", *headers)

    def bearing(self, request: bytes) -> bytes:
        """Give a request with the token of who asks."""
        return workloads.bearing(request, self.token) if self.token else request

    def tagged(self, resource: Fhir) -> Fhir:
        """Give a resource that tells which run it is of."""
        return resource | {"meta": {"tag": [{"system": TAG, "code": self.tag}]}}


# Site and number of the run → requests without end.
Asks = Callable[[Site, int], Iterator[bytes]]


@dataclass(frozen=True, slots=True)
class Row:
    """One workload: `number` requests of `clients` at once, each answer with `marker` `times`.

    `searches`: an index must serve it. `national`: only this server takes it. `levels`: where it is
    measured, `twice` with two workers too. `slow`: how many times fewer the embedded database is
    asked.
    `whole`: a run is all of it, so that what it changes has one version.
    """

    name: str
    asks: Asks
    clients: int
    number: int
    marker: bytes = _DONE
    times: int = 1
    resources: int = 1
    status: bytes = b"2"
    searches: bool = False
    national: bool = False
    levels: tuple[str, ...] = ("L1", "L2", "L3")
    slow: int = 4
    secured: bool = False
    twice: bool = False
    whole: bool = False

    def workload(self, site: Site, run: int, share: float = 1.0) -> Workload:
        """Give the requests of a run, all of what is not given without end."""
        number = max(round(self.number * share), self.clients)
        asked = tuple(map(site.bearing, islice(self.asks(site, run), number)))
        name = (self.name, asked, self.clients, self.marker, self.times)
        return Workload(*name, self.resources, self.status)


def _gets(path: Callable[[int], str], *headers: str) -> Asks:
    """Ask for what belongs to one citizen after the other."""

    def asks(site: Site, _: int) -> Iterator[bytes]:
        asked = [site.get(path(number), *headers) for number in range(site.citizens)]
        while True:
            yield from asked

    return asks


def _read(number: int) -> str:
    kind = number % 4
    return f"Encounter/{patient_id(number)}-3" if kind == 0 else _result(number)


def _result(number: int) -> str:
    return f"Observation/{patient_id(number)}-{number % 10}-{number // 10 % 10}"


def _code(number: int) -> str:
    return quote(f"{LOINC}|{CODES[number]}")


def _charted(number: int) -> str:
    # A hundred results of eight codes: thirteen of each of the first four; one of a rare code.
    whose = f"Observation?patient=Patient/{patient_id(number)}"
    return f"{whose}&code={_code(1 + number % 3)}&_sort=-date&_count=50"


def _of_two_years(number: int) -> str:
    code = _code(number % 4)
    return f"Observation?code={code}&date=ge2021&date=lt2023&_sort=-date&_count=20"


def _named(number: int) -> str:
    family, given = hospital.name_of(number)
    return f"Patient?family={workloads.plain(family)}&given={given[-1]}"


def _page(size: int) -> Asks:
    return _gets(lambda _: f"Observation?code={_code(0)}&_count={size}")


def creates(site: Site, run: int) -> Iterator[bytes]:
    """Give results to be stored, each by itself."""
    for one in _results(site, run):
        yield workloads.post(f"{site.base}/Observation", json.dump(one))


def _results(site: Site, run: int) -> Iterator[Fhir]:
    """Give results of the citizens, one of each in turn, that no search of a row finds."""
    own = {"code": {"coding": [{"system": LOINC, "code": _OWN_CODE}]}}
    for number in count():
        whose = number % site.citizens
        one = next(
            one
            for one in hospital.citizens(whose, whose + 1)
            if one["resourceType"] == "Observation"
        )
        kept = {name: value for name, value in one.items() if name not in ("id", "encounter")}
        yield site.tagged(kept | own | {"note": [{"text": f"run {run}, {number}"}]})


def _updates(site: Site, run: int) -> Iterator[bytes]:
    """Update each of what may be updated once, as the version it has."""
    for number, one in zip(range(UPDATED), _results(site, run), strict=False):
        resource = updated(one, number)
        match = {"If-Match": f'W/"{site.version}"'}
        path = f"{site.base}/Observation/{resource['id']}"
        yield workloads.put(path, json.dump(resource), **match)


def updated(resource: Fhir, number: int) -> Fhir:
    """Give a result as the one of a number that may be updated."""
    return resource | {"id": f"updated-{number}"}


def _mixed(site: Site, run: int) -> Iterator[bytes]:
    """Read seven times, search twice, write once, and so on."""
    reads, searches = _gets(_read)(site, run), _gets(_charted)(site, run)
    writes = creates(site, run)
    while True:
        for kind in (reads, reads, reads, searches, reads, reads, writes, reads, searches, reads):
            yield next(kind)


def _bundles(site: Site, run: int) -> Iterator[bytes]:
    """Give transactions that create a citizen, nine visits and ninety results."""
    number = run * 1_000
    while True:
        bundle = _transaction(site, number)
        yield workloads.post(site.base, json.dump(bundle))
        number += 1


def _transaction(site: Site, number: int) -> Fhir:
    entries = []
    left_out = f"{patient_id(number)}-9"
    for one in hospital.citizens(number, number + 1):
        if one["id"].startswith(left_out):
            continue
        type_, id_ = one.pop("resourceType"), one.pop("id")
        body = {"resourceType": type_, **_pointed(one)}
        request = {"method": "POST", "url": type_}
        entries.append(
            {"fullUrl": _urn(f"{type_}/{id_}"), "resource": site.tagged(body), "request": request}
        )
    return {"resourceType": "Bundle", "type": "transaction", "entry": entries}


def _pointed(resource: Fhir) -> Fhir:
    """Let references inside the transaction lead to its entries."""
    return {
        name: {"reference": _urn(value["reference"])} if name in ("subject", "encounter") else value
        for name, value in resource.items()
    }


def _urn(reference: str) -> str:
    return f"urn:uuid:{workloads.uuid_of(reference)}"


def _national(
    makes: Callable[[int, int], Workload], each: int, site: Site, run: int
) -> Iterator[bytes]:
    """Give what is sent of citizens nobody has sent yet."""
    del site
    yield from makes(run * each, each).requests


_get = _gets(_read)
GET, SECURED, PAGE, CREATE = "GET by id", "GET by id, secured", "page of 50", "create"
BUNDLE, ENVELOPE, MIXED = "Bundle of 100", "envelope", "mixed 70/20/10"
ROWS = (
    Row(GET, _get, 32, 6_000, slow=3, twice=True),
    Row(SECURED, _get, 32, 4_000, levels=("L2", "L3"), secured=True),
    Row("vread", _gets(lambda n: f"{_result(n)}/_history/1"), 32, 4_000, slow=10),
    Row(
        "304, not modified", _gets(lambda n: f"Patient/{patient_id(n)}", 'If-None-Match: W/"1"'),
        32, 4_000, b"HTTP/1.1 304", status=b"304",
    ),
    Row("patient + code, newest first", _gets(_charted), 16, 1_500, _ENTRY, 13, 13, searches=True),
    Row(
        "code + date range",
        _gets(_of_two_years),
        16, 1_000, _ENTRY, 20, 20, searches=True, slow=60,
    ),
    Row(
        "identifier", _gets(lambda n: f"Patient?identifier={quote(f'{CITIZEN}|099{n:09}')}"),
        32, 3_000, _ENTRY, searches=True,
    ),
    Row("name without diacritics", _gets(_named), 32, 3_000, _ENTRY, searches=True),
    Row(
        "encounter by date",
        _gets(lambda n: f"Encounter?date={hospital.day(n, 0)}&_sort=-date&_count=20"),
        32, 3_000, b'"searchset"', searches=True,
    ),
    Row(
        "_revinclude",
        _gets(lambda n: f"Encounter?_id={patient_id(n)}-0&_revinclude=Observation:encounter"),
        16, 1_000, _ENTRY, 11, 11, searches=True,
    ),
    Row("page of 1", _page(1), 16, 3_000, _ENTRY, searches=True, slow=40),
    Row(PAGE, _page(50), 8, 1_000, _ENTRY, 50, 50, searches=True, slow=20, twice=True),
    Row("page of 500", _page(500), 4, 150, _ENTRY, 500, 500, searches=True, slow=8),
    Row(CREATE, creates, 32, 1_000, twice=True),
    Row("update, If-Match", _updates, 32, UPDATED, whole=True),
    Row(BUNDLE, _bundles, 4, 24, b'"201', ENTRIES, ENTRIES, slow=3),
    Row(
        "Bundle of 100, Viet Nam's profiles", partial(_national, workloads.bundles, 16),
        4, 16, b'"201', ENTRIES, ENTRIES, national=True, slow=2,
    ),
    Row(
        ENVELOPE, partial(_national, workloads.envelopes, 24),
        4, 24, b": stored;", resources=39, national=True, slow=1,
    ),
    Row(MIXED, _mixed, 32, 2_000, slow=3),
)  # fmt: skip


def resources(site: Site) -> Iterator[list[Fhir]]:
    """Give what the rows ask for, a transaction each, nothing before what it refers to."""
    yield [site.tagged(one) for one in hospital.organizations()]
    for number in range(site.citizens):
        yield [site.tagged(one) for one in hospital.citizens(number, number + 1)]
    results = zip(range(UPDATED), _results(site, 0), strict=False)
    yield [updated(one, number) for number, one in results]


def data(site: Site) -> Iterator[bytes]:
    """Give the transactions that put what the rows ask for."""
    for some in resources(site):
        entries = [workloads.putting(one) for one in some]
        bundle = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
        yield site.bearing(workloads.post(site.base, json.dump(bundle)))
