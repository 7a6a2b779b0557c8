"""What is asked of the server: envelopes and Bundles of synthetic citizens, reads and searches."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count, islice
from typing import Any

from fhir_server.fhir import json
from fhir_server.fhir.reference import references
from mappings.decision_4750.bundle import to_bundle
from mappings.decision_4750.visit import read
from mappings.mapping import Visit
from mappings.synthetic.envelope import envelope
from mappings.synthetic.plan import plan

SEED = 4750
ENTRIES, PAGE = 100, 50
_OF_THE_VISIT = ("subject", "encounter", "performer", "basedOn", "specimen", "effectivePeriod")
_XML, _JSON = "application/xml", "application/fhir+json"

Fhir = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Workload:
    """Requests as bytes on the wire, and what must stand `times` times in each answer's body."""

    name: str
    requests: tuple[bytes, ...]
    concurrency: int
    marker: bytes
    times: int
    resources: int = 1


def get(path: str) -> bytes:
    """Give a GET as it stands on the wire."""
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()


def bearing(request: bytes, token: str) -> bytes:
    """Give the request with an access token."""
    line, _, rest = request.partition(b"\r\n")
    return b"%b\r\nAuthorization: Bearer %b\r\n%b" % (line, token.encode(), rest)


def post(path: str, body: bytes, media_type: str = _JSON) -> bytes:
    """Give a POST as it stands on the wire."""
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: {media_type}\r\n"
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
    drafts = (draft for visit in _visits(0) for draft in visit.drafts)
    result = next(one.resource for one in drafts if "valueQuantity" in one.resource)
    entries: list[Fhir] = [_put({"resourceType": "Patient", "id": "chart"})]
    for number in range(ENTRIES - 1):
        own = {
            "id": f"chart-{number}",
            "subject": {"reference": "Patient/chart"},
            "effectiveDateTime": f"2025-{1 + number % 12:02}-{1 + number % 28:02}T08:00:00+07:00",
        }
        kept = {name: one for name, one in result.items() if name not in _OF_THE_VISIT}
        entries.append(_put(kept | own))
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
    path = f"/fhir/Observation?patient=Patient/chart&_sort=-date&_count={PAGE}"
    return path, Workload(
        "chart", (post("/fhir", json.dump(bundle)),), 1, b'"status":"201', ENTRIES
    )


def _put(resource: Fhir) -> Fhir:
    url = f"{resource['resourceType']}/{resource['id']}"
    return {"resource": resource, "request": {"method": "PUT", "url": url}}


def decimals() -> tuple[str, bytes, list[bytes]]:
    """Give a resource to put: its path, its body, and the number literals in it."""
    literals = [b"1.00", b"0.0000001", b"1e-7", b"1.0e+3", b"-0", b"3.14159265358979323846"]
    code = b'"code":{"text":"number literals"}'
    parts = b",".join(b'{%s,"valueQuantity":{"value":%s}}' % (code, one) for one in literals)
    head = b'{"resourceType":"Observation","id":"literals","status":"final",'
    return "/fhir/Observation/literals", head + code + b',"component":[' + parts + b"]}", literals
