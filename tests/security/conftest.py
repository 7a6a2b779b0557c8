"""The world, held by one server, and clients of it for each who attacks."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest

from fhir_server.access.caller import Caller, Part, Reach
from tests.client import Client, fresh, health
from tests.security import traversal
from tests.security.world import A, B, marked, of, person, stored


# Who may see is judged here, not what is well made.
LOOSE: dict[str, Any] = {"validation": "structure", "referential_integrity": False}


@pytest.fixture(scope="session")
async def world(mongodb_uri, spec) -> AsyncIterator[Client]:
    """Give the unrestricted client of a server that holds what is A's, B's and C's."""
    async with fresh(mongodb_uri) as store, health(store, spec, **LOOSE) as client:
        everything = [*of(A), *of(B), *traversal.mine(), *traversal.foreign(), *traversal.persons()]
        await stored(client.context, everything)
        yield client


def citizen(version: str = "v2") -> Caller:
    """Give A's app, which may do everything with what is A's."""
    scope = "patient/*.cruds" if version == "v2" else "patient/*.*"
    reach = Reach({"patient": Part(frozenset({A}))})
    return Caller("app", client="app", user=f"Patient/{A}", patient=A, scopes=(scope,), reach=reach)


@pytest.fixture(scope="session")
async def attackers(world, spec) -> AsyncIterator[Callable[[str], Client]]:
    """Give a function from a name to the client of that attacker."""
    async with AsyncExitStack() as stack:
        made: dict[str, Client] = {}
        for name, caller in CALLERS.items():
            limits = LOOSE | {"referential_integrity": name in KEEPING}
            made[name] = await stack.enter_async_context(
                health(world.context.store, spec, caller=caller, **limits)
            )
        yield made.__getitem__


CALLERS: dict[str, Caller] = {
    "citizen": citizen(),
    "citizen v1": citizen("v1"),
    "citizen who refers": citizen(),
}
# Whose references have to lead somewhere.
KEEPING = ("citizen who refers",)
