"""The sample envelope, and clients of facilities."""

from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from fhir_server.access import decide
from fhir_server.access.caller import Caller
from fhir_server.search.condition import Everything
from tests.client import health

SCOPE = "system/$submit-document"
_BUNDLES = ("batch", "transaction")
EXAMPLES = Path(__file__).parents[2] / "mappings" / "decision_4750" / "examples"


@pytest.fixture(scope="session")
def sample() -> bytes:
    return (EXAMPLES / "sample" / "envelope.xml").read_bytes()


@pytest.fixture
async def hospital(store, spec, monkeypatch):
    """Give a function that gives a client registered for these facilities, with these scopes."""
    decided = decide.decide

    def allowing(caller, interaction, *rest):
        asked = f"system/{interaction}" if interaction.startswith("$") else "system/*.cruds"
        if asked in caller.scopes or interaction in _BUNDLES:
            return Everything()
        return decided(caller, interaction, *rest)

    monkeypatch.setattr(decide, "decide", allowing)
    async with AsyncExitStack() as opened:

        async def client(*facilities, scopes=(SCOPE,)):
            caller = Caller("hospital", scopes=scopes, facilities=frozenset(facilities))
            return await opened.enter_async_context(health(store, spec, caller=caller))

        yield client
