"""From ASGI to FhirRequest and back, with the body counted as it comes.

https://asgi.readthedocs.io/en/latest/specs/www.html
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl, unquote

from msgspec import structs

from fhir_server.fhir import media
from fhir_server.fhir.errors import Invalid, TooLarge, UnsupportedMediaType, UriTooLong
from fhir_server.fhir.exchange import FhirRequest, FhirResponse
from fhir_server.http.encodings import packed, unpacked

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
# The name of our server's extension: `scope["extensions"][WHOLE](status, lines, body)` sends an
# answer in one piece, its headers as they stand on the wire (docs/adr/0057-whole-answers.md).
WHOLE = "fhir_server.whole"

_LISTS = frozenset({"accept", "accept-encoding", "if-match", "if-none-match", "prefer"})
_KEPT = {
    name.encode(): name
    for name in (
        *("content-encoding", "content-type", "idempotency-key", "if-modified-since"),
        *("if-none-exist", "x-security-context", *_LISTS),
    )
}
_TOLD_ALWAYS = (b"cache-control: no-store", b"vary: Accept, Accept-Encoding")
_NONE: dict[str, Any] = {}
# https://www.rfc-editor.org/rfc/rfc9110#section-5.5
_CONTROL = re.compile("[\x00-\x08\x0a-\x1f\x7f]")
WITHOUT_BODY = frozenset({"GET", "HEAD", "DELETE"})
_FORM = "application/x-www-form-urlencoded"
_RAW_PARAMETERS = 300
# How long a body may stand still, and how long all of it may take.
_BODY_SECONDS = 30.0
_WHOLE_BODY_SECONDS = 300.0


def read_head(scope: Scope, base: str) -> FhirRequest:
    """Give the request without its body, relative to the base path; Invalid if unreadable."""
    return FhirRequest(
        scope["method"], _path(scope, base), _pairs(scope["query_string"]), _headers(scope)
    )


def check_url(scope: Scope, limit: int) -> None:
    """Raise UriTooLong where path and query, as they were sent, have more than `limit` bytes.

    https://www.rfc-editor.org/rfc/rfc9110#status.414
    """
    path: bytes = scope.get("raw_path") or scope["path"].encode()
    size = len(path) + len(scope["query_string"])
    if size <= limit:
        return
    # Some servers have the query in raw_path too.
    size -= len(path) - len(path.partition(b"?")[0])
    if size > limit:
        raise UriTooLong(
            f"The URL has {size} bytes, over the limit of {limit}; "
            "post the parameters of a search as a form to _search."
        )


async def read_body(
    request: FhirRequest, scope: Scope, receive: Receive, limit: int
) -> FhirRequest:
    """Give the request with its body, unpacked; a posted search with its form as parameters.

    Raises TooLarge, UnsupportedMediaType or Invalid for a body that cannot be read.
    """
    body = await _body(scope, receive, limit)
    body = await unpacked(body, request.headers.get("content-encoding", ""), limit)
    if request.method == "POST" and request.path.endswith("_search"):
        type_, _ = media.parse(request.headers.get("content-type", ""))
        if body and type_ != _FORM:
            raise UnsupportedMediaType(f"A search is posted as {_FORM}.")
        return structs.replace(request, parameters=request.parameters + _pairs(body))
    return structs.replace(request, body=body)


async def send_response(
    scope: Scope,
    send: Send,
    request: FhirRequest | None,
    response: FhirResponse,
    request_id: bytes,
) -> None:
    """Send the answer, packed if the caller likes; HEAD and 204/304 go without a body."""
    accepted = request.headers.get("accept-encoding") if request else None
    body, coding = response.body, ""
    if accepted:
        body, coding = await packed(body, response.content_type, accepted)
    lines = [b"x-request-id: " + request_id, *_TOLD_ALWAYS]
    if body:
        lines.append(_line("content-type", response.content_type))
    if coding:
        lines.append(_line("content-encoding", coding))
    status = response.status
    if status not in (204, 304):
        lines.append(b"content-length: %d" % len(body))
    for name, value in response.headers:
        lines.append(_line(name, value))
    if request is not None and request.method == "HEAD":
        body = b""
    whole = scope.get("extensions", _NONE).get(WHOLE)
    if whole:
        await whole(status, lines, body)
    else:
        await _in_two(send, status, lines, body)


async def _in_two(send: Send, status: int, lines: Sequence[bytes], body: bytes) -> None:
    """Send an answer as any ASGI server takes it."""
    headers = [tuple(line.split(b": ", 1)) for line in lines]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


@lru_cache(maxsize=1024)
def _line(name: str, value: str) -> bytes:
    """Give a header as it stands on the wire; RuntimeError where that would be more than one."""
    if _CONTROL.search(value):
        raise RuntimeError(f"The value of {name} has a control character.")
    return f"{name.lower()}: {value}".encode()


def _headers(scope: Scope) -> dict[str, str]:
    """Give the headers kept; lists given in parts are joined, Invalid for others given twice."""
    found: dict[str, str] = {}
    for name, value in scope["headers"]:
        if key := _KEPT.get(name):
            text = value.decode("latin-1")
            if key in found and key not in _LISTS:
                raise Invalid(f"The header {key} stands twice.")
            found[key] = f"{found[key]}, {text}" if key in found else text
    return found


def _path(scope: Scope, base: str) -> str:
    raw: bytes = scope.get("raw_path") or scope["path"].encode()
    relative = raw.decode("latin-1").partition("?")[0].removeprefix(base).strip("/")
    if "%" not in relative and "\x00" not in relative:
        return relative
    parts = [unquote(part, errors="replace") for part in relative.split("/")]
    if any("/" in part or "\x00" in part or "\ufffd" in part for part in parts):
        raise Invalid("The path has a part that is no FHIR name or id.", code="value")
    return "/".join(parts)


def _pairs(query: bytes) -> tuple[tuple[str, str], ...]:
    if not query:
        return ()
    try:
        pairs = parse_qsl(
            query.decode("ascii"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=_RAW_PARAMETERS,
        )
    except ValueError:
        raise Invalid(
            f"The parameters cannot be read: UTF-8, percent-encoded, at most {_RAW_PARAMETERS}."
        ) from None
    return tuple(pairs)


async def _body(scope: Scope, receive: Receive, limit: int) -> bytes:
    told = next((value for name, value in scope["headers"] if name == b"content-length"), b"")
    if told.isdigit() and int(told) > limit:
        raise _too_large(limit)
    chunks: list[bytes] = []
    size = 0
    end = asyncio.get_running_loop().time() + _WHOLE_BODY_SECONDS
    while True:
        try:
            left = end - asyncio.get_running_loop().time()
            async with asyncio.timeout(min(_BODY_SECONDS, left)):
                message = await receive()
        except TimeoutError:
            raise Invalid("The body stopped coming.", code="timeout") from None
        if message["type"] == "http.disconnect":
            raise Invalid("The connection ended inside the body.")
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > limit:
            raise _too_large(limit)
        chunks.append(chunk)
        if not message.get("more_body"):
            return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def _too_large(limit: int) -> TooLarge:
    return TooLarge(f"The body is over the limit of {limit} bytes.")
