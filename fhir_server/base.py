"""One FHIR endpoint and all it owns."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import msgspec

from fhir_server.access.caller import ANYONE_ON_LOOPBACK, Caller
from fhir_server.interactions.context import Context
from fhir_server.interactions.routes import Routes


class Asked(msgspec.Struct, frozen=True):
    """What is told of who asks: `authorization` and `dpop` are headers as sent, "" without.

    `url` is the address asked for, of the configured base, without query; `method` as sent.
    """

    authorization: str
    dpop: str
    method: str
    url: str


# Who asks; raises Unauthorized, which says in WWW-Authenticate what is wrong.
Authenticate = Callable[[Asked], Awaitable[Caller]]


async def anyone(_: Asked) -> Caller:
    """Let everyone do everything: `--auth none`, from loopback only."""
    return ANYONE_ON_LOOPBACK


@dataclass(frozen=True, slots=True)
class Base:
    """`path` is where it is mounted, such as `/fhir`; from one base no other base exists.

    Definitions, database, keys and limits are all in its own `context`; nothing is shared. `shared`
    says whether web pages of registered apps may read its answers; `open` are the interactions and
    operations anybody may ask for, as the context's own caller.
    """

    path: str
    context: Context
    routes: Routes
    authenticate: Authenticate = anyone
    shared: bool = True
    open: frozenset[str] = frozenset({"capabilities"})
