"""Content codings: gzip and zstd of answers and bodies, never past the size limit.

https://www.rfc-editor.org/rfc/rfc9110#section-8.4
"""

import gzip
import sys
import zlib
from collections.abc import Callable, Mapping
from typing import Any

from fhir_server.fhir.errors import Invalid, TooLarge, UnsupportedMediaType
from fhir_server.fhir.media import Range, best_range, parse, ranges
from fhir_server.interactions.aside import aside

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

# Below this a packet is a packet.
_SMALL = 1024
_GZIP_LEVEL = 5
_GZIP_WINDOW = 31

# In the order the server prefers.
_CODINGS: Mapping[str, Callable[[bytes], bytes]] = {
    "zstd": zstd.compress,
    "gzip": lambda body: gzip.compress(body, _GZIP_LEVEL, mtime=0),
}

_STREAMS: Mapping[str, Callable[[], Any]] = {
    "gzip": lambda: zlib.decompressobj(_GZIP_WINDOW),
    "x-gzip": lambda: zlib.decompressobj(_GZIP_WINDOW),
    "zstd": zstd.ZstdDecompressor,
}


async def packed(body: bytes, content_type: str, accept_encoding: str) -> tuple[bytes, str]:
    """Give the body in the coding the caller likes best, and its name; "" if as it was."""
    if len(body) < _SMALL or not accept_encoding or not _shrinks(content_type):
        return body, ""
    listed = ranges(accept_encoding)
    coding = max(_CODINGS, key=lambda name: best_range(listed, name).q)
    if best_range(listed, coding).q <= listed.get("identity", Range(0)).q:
        return body, ""
    return await aside(len(body), _CODINGS[coding], body), coding


async def unpacked(body: bytes, content_encoding: str, limit: int) -> bytes:
    """Give the body a request sent in this coding; TooLarge as soon as it is over `limit` bytes.

    Raises UnsupportedMediaType for a coding other than gzip and zstd, Invalid for a broken one.
    """
    coding = content_encoding.strip().lower()
    if coding in ("", "identity") or not body:
        return body
    if coding not in _STREAMS:
        told = f"A body is read plain, in gzip or in zstd, not in {content_encoding[:80]!r}."
        raise UnsupportedMediaType(told, headers=[("Accept-Encoding", "gzip, zstd")])
    return await aside(len(body), _unpack, coding, body, limit)


def _unpack(coding: str, body: bytes, limit: int) -> bytes:
    found = b""
    while body:
        stream = _STREAMS[coding]()
        try:
            found += stream.decompress(body, limit + 1 - len(found))
        except (zlib.error, zstd.ZstdError):
            raise Invalid(f"The body is not in {coding}, as Content-Encoding says.") from None
        if len(found) > limit:
            raise TooLarge(f"Unpacked, the body is over the limit of {limit} bytes.")
        if not stream.eof:
            raise Invalid(f"The {coding} body ends too early.")
        body = stream.unused_data
    return found


def _shrinks(content_type: str) -> bool:
    """Say whether a media type is text: images and archives are packed already."""
    type_ = parse(content_type)[0]
    return type_.startswith("text/") or type_.endswith(("json", "xml"))
