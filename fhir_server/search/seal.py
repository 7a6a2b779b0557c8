"""Paging positions as texts: signed, opaque, and bound to the question they belong to."""

import base64
import hashlib
import hmac
from typing import Any

import msgspec

from fhir_server.fhir.errors import Invalid

SIGNATURE_BYTES = 16


def seal(key: bytes, question: Any, position: Any) -> str:
    """Give the text of `_page`: the position, signed with HMAC-SHA256 for this question.

    Both are plain values (numbers, texts, None, lists and tuples of them).
    """
    body = msgspec.msgpack.encode(position)
    return base64.urlsafe_b64encode(_sign(key, question, body) + body).rstrip(b"=").decode()


def unseal(key: bytes, question: Any, text: str) -> Any:
    """Give the position back, tuples as lists; Invalid unless `seal` made it for this question."""
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True)
    except ValueError:
        raise broken() from None
    signature, body = raw[:SIGNATURE_BYTES], raw[SIGNATURE_BYTES:]
    if not hmac.compare_digest(signature, _sign(key, question, body)):
        raise broken()
    return msgspec.msgpack.decode(body)


def broken() -> Invalid:
    """Give the error of a `_page` that is not of this question."""
    return Invalid("_page is not a link of this search; follow the links of its answers.")


def _sign(key: bytes, question: Any, body: bytes) -> bytes:
    digest = hashlib.sha256(msgspec.msgpack.encode(question)).digest()
    return hmac.digest(key, digest + body, "sha256")[:SIGNATURE_BYTES]
