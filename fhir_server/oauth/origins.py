"""The web origins apps are registered from: who may read answers in a browser."""

import time
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from fhir_server.oauth.server import OAuth

# Lets answers be read, decides nothing about access: a token does.
_CACHE_SECONDS = 5.0
_MAX_CLIENTS = 10_000

Origins = Callable[[], Awaitable[frozenset[str]]]


def registered(oauth: OAuth, monotonic: Callable[[], float] = time.monotonic) -> Origins:
    """Give what tells the origins of the redirect URIs of active clients."""
    known: frozenset[str] = frozenset()
    until = 0.0

    async def origins() -> frozenset[str]:
        nonlocal known, until
        if monotonic() >= until:
            active = await oauth.reading.find("clients", {"status": "active"}, _MAX_CLIENTS)
            uris = (uri for client in active for uri in client.get("redirect_uris", ()))
            known = frozenset(origin for uri in uris if (origin := origin_of(uri)))
            until = monotonic() + _CACHE_SECONDS
        return known

    return origins


def origin_of(uri: str) -> str:
    """Give the origin of a web address, empty where a browser gives it none."""
    parts = urlsplit(uri)
    return f"{parts.scheme}://{parts.netloc}" if parts.scheme in ("https", "http") else ""
