"""What many tests need: a database that speaks the real wire protocol, and a store in it."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from fhir_server.main import definitions
from fhir_server.spec.spec import Spec
from fhir_server.store import embedded
from fhir_server.store.store import Store
from tests.client import Client, forget, fresh, health

ROOT = Path(__file__).parent


# What starts processes and waits for them: two runners would wait for one that begins it last.
_FIRST = ("browser", "faults", "cli", "fuzz", "conformance")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes long (Makefile: `--no-loadscope-reorder`)."""
    items.sort(key=lambda item: item.path.relative_to(ROOT).parts[0] not in _FIRST)


@pytest.fixture(scope="session")
async def loop() -> asyncio.AbstractEventLoop:
    """Give the loop of the run, for tests that are no coroutines themselves."""
    return asyncio.get_running_loop()


@pytest.fixture(scope="session")
def mongodb_uri(tmp_path_factory) -> Iterator[str]:
    """Give the URI in FHIR_MONGODB_URI, or of an embedded server that lives as long as the run."""
    given = os.environ.get("FHIR_MONGODB_URI")
    if given:
        yield given
        forget(given)
        return
    with embedded.running(tmp_path_factory.mktemp("mongodb")) as uri:
        yield uri
        forget(uri)


@pytest.fixture
async def store(mongodb_uri) -> AsyncIterator[Store]:
    """Give a store in a database of its own, dropped afterwards."""
    async with fresh(mongodb_uri) as opened:
        yield opened


@pytest.fixture(scope="session")
def spec() -> Spec:
    """Give R4, every expression compiled."""
    return definitions()


@pytest.fixture
async def fhir(store, spec) -> AsyncIterator[Client]:
    """Give a client of a health base, asked as HTTP would ask it, without a socket."""
    async with health(store, spec) as client:
        yield client
