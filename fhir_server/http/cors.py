"""Which web pages of other origins may read answers; never with cookies.

https://hl7.org/fhir/smart-app-launch/app-launch.html#considerations-for-cross-origin-resource-sharing-cors-support
"""

import re
from collections.abc import Awaitable, Callable
from typing import Any

from fhir_server.fhir.errors import FhirError
from fhir_server.http.exchange import Scope, Send

Origins = Callable[[], Awaitable[frozenset[str]]]

# Told to every origin: what is there to be discovered.
_PUBLIC = re.compile(r"(/[a-z]+)*/\.well-known/[a-z/-]+|/[a-z]+/metadata|/oauth/jwks")
# Told to the origins of registered apps; pages and what leads to them are told to none.
_REGISTERED = re.compile(r"/oauth/(token|revoke|introspect|register(/[^/]+)?|par)")
_METHODS = b"GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"
_ASKED = (
    b"Authorization, DPoP, Content-Type, Accept, Prefer, If-Match, If-None-Match, If-None-Exist, "
    b"If-Modified-Since, Idempotency-Key, X-Request-Id"
)
_ANSWERED = (
    b"ETag, Location, Content-Location, Last-Modified, WWW-Authenticate, DPoP-Nonce, Retry-After, "
    b"X-Request-Id"
)
_PREFLIGHT_SECONDS = b"600"
_ORIGIN = re.compile(rb"https?://[!-.0-~]{1,255}")


def asks(scope: Scope) -> bool:
    """Say whether a web page asks; most who ask are none."""
    return b"origin" in dict(scope["headers"])


async def shared(origins: Origins, scope: Scope, send: Send, *, fhir: bool) -> Send | None:
    """Give what sends the answer with its CORS headers; None where a preflight was answered.

    `fhir` says that the path is a FHIR base's.
    """
    headers = dict(scope["headers"])
    origin = headers.get(b"origin", b"")
    if not _ORIGIN.fullmatch(origin):
        return send
    allowed = await _allowed(origins, scope["path"], origin, fhir=fhir)
    if allowed is None:
        return send
    if scope["method"] == "OPTIONS" and b"access-control-request-method" in headers:
        await _preflight(allowed, send)
        return None

    async def told(message: Any) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message["headers"], *_told(allowed)]
        await send(message)

    # An answer in one piece would pass this by.
    scope.pop("extensions", None)
    return told


async def _allowed(origins: Origins, path: str, origin: bytes, *, fhir: bool) -> bytes | None:
    """Give the origin that may read the answer: `*` for any, None for not this one."""
    if _PUBLIC.fullmatch(path):
        return b"*"
    if not fhir and not _REGISTERED.fullmatch(path):
        return None
    try:
        known = await origins()
    except FhirError:
        return None
    return origin if origin.decode("ascii") in known else None


def _told(allowed: bytes) -> list[tuple[bytes, bytes]]:
    return [
        (b"access-control-allow-origin", allowed),
        (b"access-control-expose-headers", _ANSWERED),
        (b"vary", b"Origin"),
    ]


async def _preflight(allowed: bytes, send: Send) -> None:
    headers = [
        *_told(allowed),
        (b"access-control-allow-methods", _METHODS),
        (b"access-control-allow-headers", _ASKED),
        (b"access-control-max-age", _PREFLIGHT_SECONDS),
        (b"content-length", b"0"),
    ]
    await send({"type": "http.response.start", "status": 204, "headers": headers})
    await send({"type": "http.response.body", "body": b""})
