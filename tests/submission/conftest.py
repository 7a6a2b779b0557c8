"""The sample envelope, and clients of facilities."""

from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from fhir_server.access.caller import Caller
from tests.client import health

SCOPE = "system/$submit-document"
EXAMPLES = Path(__file__).parents[2] / "mappings" / "decision_4750" / "examples"


@pytest.fixture(scope="session")
def sample() -> bytes:
    return (EXAMPLES / "sample" / "envelope.xml").read_bytes()


@pytest.fixture
async def hospital(store, spec):
    """Give a function that gives a client registered for these facilities, with these scopes."""
    async with AsyncExitStack() as opened:

        async def client(*facilities, scopes=(SCOPE,), user=""):
            registered = frozenset(facilities)
            caller = Caller("hospital", user=user, scopes=scopes, facilities=registered)
            return await opened.enter_async_context(health(store, spec, caller=caller))

        yield client
