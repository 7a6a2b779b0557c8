"""One authorization server and all it owns: its address, its records, its clock.

https://hl7.org/fhir/smart-app-launch/app-launch.html
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from fhir_server.interactions.current import Current
from fhir_server.outbound.client import Outbound
from fhir_server.spec.spec import Spec
from fhir_server.store.records import Reading, Records

# Kinds of records, each with the fields it is found by besides its id.
KINDS: Mapping[str, Sequence[str]] = {
    "clients": ("status", "name_key"),
    "requests": (),
    "launches": (),
    "codes": (),
    "grants": ("user", "client", "session"),
    "tokens": ("grant", "client", "user", "session"),
    "refresh": (),
    "keys": (),
    "jtis": (),
    "jwks_cache": (),
    "users": ("sub", "citizen", "federated"),
    "sessions": ("user",),
    "attempts": (),
    "federations": (),
}


def now() -> int:
    """Give the wall clock's seconds since the Unix epoch."""
    return int(time.time())


@dataclass(frozen=True, slots=True)
class OAuth:
    """`issuer` and `base_url` (of the FHIR base, the one audience) have no trailing slash.

    `current` holds the definitions scopes are read against. `clock` gives int seconds since the
    Unix epoch. `outbound` asks servers of others.
    """

    issuer: str
    base_url: str
    records: Records
    reading: Reading
    current: Current
    clock: Callable[[], int] = now
    outbound: Outbound = field(default_factory=Outbound)

    @property
    def spec(self) -> Spec:
        """What the definitions say now."""
        return self.current.spec

    def url(self, path: str) -> str:
        """Give the address of an endpoint, such as `token`."""
        return f"{self.issuer}/{path}"

    def page(self, path: str) -> str:
        """Give the address of a page, such as `sign-in`."""
        return f"{self.issuer.removesuffix('/oauth')}/{path}"


@asynccontextmanager
async def opened(
    uri: str,
    database: str,
    *,
    issuer: str,
    base_url: str,
    current: Current,
    outbound: Outbound | None = None,
) -> AsyncIterator[OAuth]:
    """Open the authorization server over a database of its own.

    Raises Unavailable where the database does not answer.
    """
    records, reading = Records.open(uri, database), Reading.open(uri, database)
    try:
        await asyncio.to_thread(records.prepare, KINDS)
        asking = outbound or Outbound()
        yield OAuth(issuer, base_url, records, reading, current, outbound=asking)
    finally:
        await reading.close()
        await asyncio.to_thread(records.close)
