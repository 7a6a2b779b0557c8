"""What the search tests share: the R4 definitions, and one way to ask and to index."""

from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest

from fhir_server.search.index import index_fields
from fhir_server.search.match import matches
from fhir_server.search.parse import parse
from fhir_server.search.place import Place

BASE = "https://health.example.org/fhir"
ZONE = ZoneInfo("Asia/Ho_Chi_Minh")


@pytest.fixture(scope="session")
def search(spec):
    place = Place((BASE,), ZONE, spec.types)

    def ask(type_, *parameters, strict=True):
        return parse(
            spec,
            type_,
            parameters,
            place,
            strict=strict,
            max_count=1000,
            default_count=50,
        )

    def document(resource):
        identity = resource.get("id", "1")
        fields = index_fields(spec, resource, place, identity=identity)
        return {"_id": identity, "ts": 0, "x": fields}

    def found(resource, *parameters):
        query = ask(resource["resourceType"], *parameters)
        return matches(query.condition, document(resource))

    return SimpleNamespace(ask=ask, document=document, found=found)
