"""What is asked of the server: envelopes and Bundles of synthetic citizens, reads and searches."""

import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import count, islice
from types import MappingProxyType
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from fhir_server.fhir import json
from fhir_server.fhir.reference import references
from mappings.decision_4750.bundle import to_bundle
from mappings.decision_4750.visit import read
from mappings.mapping import Visit
from mappings.synthetic.envelope import envelope
from mappings.synthetic.plan import plan

SEED = 4750
ENTRIES, PAGE = 100, 50
# The profile too: it asks for the visit.
_OF_THE_VISIT = (
    *("meta", "subject", "encounter", "performer"),
    *("basedOn", "specimen", "effectivePeriod"),
)
_XML, _JSON = "application/xml", "application/fhir+json"

Fhir = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Workload:
    """Requests as bytes on the wire, what must stand `times` times in each answer.

    `status`: what each status begins with; `resources`: how many an answer is of.
    """

    name: str
    requests: tuple[bytes, ...]
    concurrency: int
    marker: bytes
    times: int
    resources: int = 1
    status: bytes = b"2"


def get(path: str, *headers: str) -> bytes:
    """Give a GET as it stands on the wire."""
    told = "".join(f"{one}\r\n" for one in ("Host: 127.0.0.1", *headers))
    return f"GET {path} HTTP/1.1\r\n{told}\r\n".encode()


def delete(path: str) -> bytes:
    """Give a DELETE as it stands on the wire."""
    return f"DELETE {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()


def bearing(request: bytes, token: str) -> bytes:
    """Give the request with an access token."""
    line, _, rest = request.partition(b"\r\n")
    return b"%b\r\nAuthorization: Bearer %b\r\n%b" % (line, token.encode(), rest)


def post(path: str, body: bytes, media_type: str = _JSON) -> bytes:
    """Give a POST as it stands on the wire."""
    return _sent("POST", path, body, media_type)


def put(path: str, body: bytes, **headers: str) -> bytes:
    """Give a PUT as it stands on the wire."""
    return _sent("PUT", path, body, _JSON, headers)


def _sent(
    method: str,
    path: str,
    body: bytes,
    media_type: str,
    headers: Mapping[str, str] = MappingProxyType({}),
) -> bytes:
    told = {"Host": "127.0.0.1", "Content-Type": media_type, **headers}
    head = f"{method} {path} HTTP/1.1\r\n" + "".join(f"{k}: {v}\r\n" for k, v in told.items())
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


def envelopes(first: int, number: int) -> Workload:
    """Give the first visits of `number` citizens from citizen `first` on, an envelope each."""
    citizens = (plan(SEED, first + k) for k in range(number))
    bodies = [envelope(one, one.visits[0]) for one in citizens]
    requests = tuple(post("/fhir/$submit-document", body, _XML) for body in bodies)
    return Workload("envelope", requests, 4, b": stored;", 1)


def bundles(first: int, number: int) -> Workload:
    """Give `number` transaction Bundles of 100 creates each, citizens from `first` on."""
    visits = _visits(first)
    bodies = [json.dump(_of_a_hundred(visits)) for _ in range(number)]
    requests = tuple(post("/fhir", body) for body in bodies)
    return Workload("bundle of 100", requests, 4, b'"status":"201', ENTRIES, ENTRIES)


def _visits(first: int) -> Iterator[Visit]:
    for number in count(first):
        citizen = plan(SEED, number)
        for visit in citizen.visits:
            yield from (one for one in read(envelope(citizen, visit)) if isinstance(one, Visit))


def _of_a_hundred(visits: Iterator[Visit]) -> Fhir:
    """Give a Bundle of whole visits, cut to 100 by leaving out what no other entry refers to."""
    entries: list[Fhir] = []
    while len(entries) < ENTRIES:
        entries += (_create(entry) for entry in to_bundle(next(visits))["entry"])
    named = {url for entry in entries for _, url in references(entry["resource"])}
    spare = [place for place, entry in enumerate(entries) if entry["fullUrl"] not in named]
    dropped = set(islice(reversed(spare), len(entries) - ENTRIES))
    kept = [entry for place, entry in enumerate(entries) if place not in dropped]
    return {"resourceType": "Bundle", "type": "transaction", "entry": kept}


def _create(entry: Fhir) -> Fhir:
    kind = entry["resource"]["resourceType"]
    return {**entry, "request": {"method": "POST", "url": kind}}


def chart() -> tuple[str, Workload]:
    """Give a search for a page of one patient's results, and what must be stored before."""
    entries: list[Fhir] = [putting({"resourceType": "Patient", "id": "chart"})]
    results = islice(_results(), ENTRIES - 1)
    entries += [putting(one | {"id": f"chart-{number}"}) for number, one in enumerate(results)]
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
    path = f"/fhir/Observation?patient=Patient/chart&_sort=-date&_count={PAGE}"
    return path, Workload(
        "chart", (post("/fhir", json.dump(bundle)),), 1, b'"status":"201', ENTRIES
    )


def creates(number: int) -> Workload:
    """Give `number` results of the patient of `chart`, each to be created by itself."""
    requests = (post("/fhir/Observation", json.dump(one)) for one in islice(_results(), number))
    return Workload("create", tuple(requests), 32, b"HTTP/1.1 201", 1)


def _results() -> Iterator[Fhir]:
    """Give results of the patient of `chart`, one after the other."""
    drafts = (draft for visit in _visits(0) for draft in visit.drafts)
    result = next(one.resource for one in drafts if "valueQuantity" in one.resource)
    kept = {name: one for name, one in result.items() if name not in _OF_THE_VISIT}
    for number in count():
        yield kept | {
            "subject": {"reference": "Patient/chart"},
            "effectiveDateTime": f"2025-{1 + number % 12:02}-{1 + number % 28:02}T08:00:00+07:00",
        }


def putting(resource: Fhir) -> Fhir:
    """Give the entry that puts a resource under its own id."""
    url = f"{resource['resourceType']}/{resource['id']}"
    return {"resource": resource, "request": {"method": "PUT", "url": url}}


def plain(name: str) -> str:
    """Give a name in the letters of any keyboard."""
    told = unicodedata.normalize("NFD", name.replace("Đ", "D").replace("đ", "d"))
    return "".join(one for one in told if not unicodedata.combining(one))


def uuid_of(name: str) -> UUID:
    """Give the same UUID for the same name."""
    return uuid5(NAMESPACE_URL, name)


def decimals(base: str = "/fhir") -> tuple[str, bytes, list[bytes]]:
    """Give a resource to put: its path, its body, and the number literals in it."""
    literals = [b"1.00", b"0.0000001", b"1e-7", b"1.0e+3", b"-0", b"3.14159265358979323846"]
    code = b'"code":{"text":"number literals"}'
    parts = b",".join(b'{%s,"valueQuantity":{"value":%s}}' % (code, one) for one in literals)
    head = b'{"resourceType":"Observation","id":"literals","status":"final",'
    return f"{base}/Observation/literals", head + code + b',"component":[' + parts + b"]}", literals
