"""One base for all examples: each has an id of its own, and may refer to one that comes later."""

import pytest

from fhir_server.main import definitions
from tests.client import fresh, health


@pytest.fixture(scope="session")
def spec():
    return definitions()


@pytest.fixture(scope="module")
async def fhir(request, mongodb_uri, spec):
    level = getattr(request.module, "VALIDATION", "profiles")
    lenient = {"referential_integrity": False, "text_search": True, "validation": level}
    async with fresh(mongodb_uri) as store, health(store, spec, **lenient) as client:
        yield client
