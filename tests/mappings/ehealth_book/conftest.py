"""A person with three visits in the embedded database, and the book asked without a socket."""

from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

import pytest

from fhir_server.fhir import json
from fhir_server.fhir.exchange import FhirRequest
from fhir_server.interactions.context import Target
from mappings.ehealth_book.operation import ehealth_book
from tests.client import Client, health
from tests.mappings.ehealth_book.people import card, older_url, person, visit


@dataclass(frozen=True)
class Shelf:
    """What tests write, and the book they read."""

    fhir: Client

    async def put(self, *resources):
        entries = [
            {
                "resource": resource,
                "request": {"method": "PUT", "url": f"{resource['resourceType']}/{resource['id']}"},
            }
            for resource in resources
        ]
        bundle = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
        answer = await self.fhir.post("", bundle)
        assert answer.status_code == 200, answer.text

    async def raw(self, patient="p1", **parameters):
        pairs = tuple((name, str(value)) for name, value in parameters.items())
        request = FhirRequest("GET", f"Patient/{patient}/$ehealth-book", pairs)
        target = Target("Patient", patient, operation="ehealth-book")
        answer = await ehealth_book(self.fhir.context, request, target)
        return answer.body

    async def page(self, patient="p1", **parameters):
        return json.parse_object(await self.raw(patient, **parameters))

    async def pages(self, **parameters):
        found = [await self.page(**parameters)]
        while older := older_url(found[-1]):
            found.append(await self.page(**dict(parse_qsl(urlsplit(older).query))))
        return found


@pytest.fixture
async def shelf(store, spec):
    async with health(store, spec) as client:
        yield Shelf(client)


@pytest.fixture
async def book(shelf):
    await shelf.put(
        {"resourceType": "Organization", "id": "o1", "name": "Bệnh viện Thử"},
        {"resourceType": "Practitioner", "id": "d1", "name": [{"text": "Trần Văn Bác Sĩ"}]},
        person("p1"),
        card("k1"),
        card("k2"),
        *(part for day in (1, 2, 3) for part in visit(day)),
    )
    return shelf
