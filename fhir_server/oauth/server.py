"""One authorization server and all it owns: its address, its records, its clock.

https://hl7.org/fhir/smart-app-launch/app-launch.html
"""

import asyncio
import ipaddress
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

from fhir_server.interactions.current import Current
from fhir_server.spec.spec import Spec
from fhir_server.store.records import Reading, Records

# Kinds of records, each with the fields it is found by besides its id.
KINDS: Mapping[str, Sequence[str]] = {
    "clients": ("status", "kind"),
    "requests": (),
    "launches": (),
    "codes": (),
    "grants": ("user", "client", "session"),
    "tokens": ("grant",),
    "refresh": (),
    "keys": (),
    "jtis": (),
    "jwks_cache": (),
    "users": ("sub", "citizen"),
    "sessions": ("user",),
    "attempts": (),
}


def now() -> int:
    """Give the wall clock's seconds since the Unix epoch."""
    return int(time.time())


@dataclass(frozen=True, slots=True)
class OAuth:
    """`issuer` and `base_url` (of the FHIR base, the one audience) have no trailing slash.

    `current` holds the definitions scopes are read against. `clock` gives int seconds since the
    Unix epoch.
    """

    issuer: str
    base_url: str
    records: Records
    reading: Reading
    current: Current
    clock: Callable[[], int] = now

    @property
    def spec(self) -> Spec:
        """What the definitions say now."""
        return self.current.spec

    def url(self, path: str) -> str:
        """Give the address of an endpoint, such as `token`."""
        return f"{self.issuer}/{path}"


@asynccontextmanager
async def opened(
    uri: str, database: str, *, issuer: str, base_url: str, current: Current
) -> AsyncIterator[OAuth]:
    """Open the authorization server over a database of its own.

    Raises Unavailable where the database does not answer, ValueError for an insecure issuer.
    """
    check_issuer(issuer)
    records, reading = Records.open(uri, database), Reading.open(uri, database)
    try:
        await asyncio.to_thread(records.prepare, KINDS)
        yield OAuth(issuer, base_url, records, reading, current)
    finally:
        await reading.close()
        await asyncio.to_thread(records.close)


def issuer_of(base_url: str) -> str:
    """Give the issuer beside a FHIR base: `https://example.org/oauth` for `…/fhir`."""
    return base_url.rstrip("/").removesuffix("/fhir") + "/oauth"


def check_issuer(issuer: str) -> None:
    """Raise ValueError unless the issuer is https, or http on loopback.

    https://www.rfc-editor.org/rfc/rfc8414#section-2
    """
    parts = urlsplit(issuer)
    if not parts.hostname or parts.query or parts.fragment or parts.username or parts.password:
        raise ValueError(f"{issuer!r} is no issuer: an https address without query or fragment.")
    if parts.scheme != "https" and not (parts.scheme == "http" and loopback(parts.hostname)):
        raise ValueError(f"{issuer!r} is not https: tokens would travel readable by everyone.")


def loopback(host: str) -> bool:
    """Say whether a host is this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
