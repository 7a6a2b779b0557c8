"""A terminology over a fresh store."""

import pytest

from fhir_server.search.condition import Everything
from fhir_server.spec.canonicals import Canonicals
from fhir_server.store.documents import Change
from fhir_server.terminology.cache import Cache
from fhir_server.terminology.content import Content
from fhir_server.terminology.terminology import Terminology

BASE = "http://test.invalid/fhir"


@pytest.fixture
def content(store) -> Content:
    """Give what is stored and what R4 brings."""
    return Content(Canonicals(), store, Cache(), BASE)


@pytest.fixture
def terminology(content) -> Terminology:
    """Give the questions over it."""
    return Terminology(content, 1_000)


@pytest.fixture
def keep(store):
    """Store resources under ids, with the index field that searches by url use."""

    async def kept(**resources):
        changes = [
            Change(one["resourceType"], id_, "update", one, {"url": [one["url"]]}, "1")
            for id_, one in resources.items()
        ]
        await store.commit(Everything(), changes)

    return kept
