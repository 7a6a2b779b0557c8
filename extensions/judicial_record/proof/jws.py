"""Compact JWS in exactly one form: ES256, a header nobody can vary, no second encoding.

A signature is read only if its header is byte for byte the one this module writes for that `typ`
and `kid`. So there is no other `alg`, no `jku`, `jwk` or `x5u`, no unknown `crit`, no member twice.
https://www.rfc-editor.org/rfc/rfc7515, https://www.rfc-editor.org/rfc/rfc7797
"""

import base64
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from joserfc.jws import JWSRegistry

from extensions.judicial_record.proof.canonical import canonical
from extensions.judicial_record.proof.keyset import PublicKey
from extensions.judicial_record.proof.reasons import Doubt

ALGORITHM = "ES256"
# The order of P-256: https://csrc.nist.gov/pubs/sp/800/186/final, 3.2.1.3
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_HALF = 32
_FORM = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]*)\.([A-Za-z0-9_-]{86})", re.ASCII)
_ES256 = JWSRegistry(algorithms=[ALGORITHM]).get_alg(ALGORITHM)


@dataclass(frozen=True, slots=True)
class Key:
    """A key that signs: `sign` takes a message and gives r and s, 32 bytes each.

    `issuer` is whose it is, such as `Organization/1`.
    """

    kid: str
    issuer: str
    sign: Callable[[bytes], bytes]


def sign(key: Key, typ: str, payload: bytes, *, detached: bool = False) -> str:
    """Give a JWS over a payload; a detached one leaves it out and signs its bytes as they are."""
    head = encoded(_header(typ, key.kid, detached=detached))
    middle = payload if detached else encoded(payload).encode()
    made = low(key.sign(head.encode() + b"." + middle))
    return f"{head}.{'' if detached else middle.decode()}.{encoded(made)}"


def read(
    token: str, typ: str, keys: Mapping[str, PublicKey], payload: bytes | None = None
) -> tuple[PublicKey, bytes]:
    """Give the key that signed and the payload; `payload` is that of a detached JWS.

    Raises Doubt: signature-form, key-unknown, signature-wrong. Whether the key was to be trusted
    at that time is the caller's to ask.
    """
    form = _FORM.fullmatch(token)
    if form is None or bool(form[2]) == (payload is not None):
        raise Doubt("signature-form")
    kid = _kid(form[1])
    if decoded(form[1]) != _header(typ, kid, detached=payload is not None):
        raise Doubt("signature-form")
    key = keys.get(kid)
    if key is None:
        raise Doubt("key-unknown")
    made = decoded(form[3])
    if low(made) != made:
        raise Doubt("signature-form")
    middle = form[2].encode() if payload is None else payload
    if not _ES256.verify(form[1].encode() + b"." + middle, made, key.public):
        raise Doubt("signature-wrong")
    return key, decoded(form[2]) if payload is None else payload


def low(made: bytes) -> bytes:
    """Give the one of the two equal signatures (r, s) and (r, n - s) with the smaller s."""
    s = int.from_bytes(made[_HALF:])
    return made[:_HALF] + min(s, abs(ORDER - s)).to_bytes(_HALF)


def encoded(content: bytes) -> str:
    """Give base64url without padding."""
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def decoded(text: str) -> bytes:
    """Read base64url without padding; Doubt where it is not the one spelling of its bytes."""
    try:
        content = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        raise Doubt("signature-form") from None
    if encoded(content) != text:
        raise Doubt("signature-form")
    return content


def _header(typ: str, kid: str, *, detached: bool) -> bytes:
    plain: dict[str, Any] = {"alg": ALGORITHM, "kid": kid, "typ": typ}
    return canonical(plain | ({"b64": False, "crit": ["b64"]} if detached else {}))


def _kid(head: str) -> str:
    """Give what a header says its key is, to write the header again and compare."""
    try:
        kid = json.loads(decoded(head))["kid"]
    except (ValueError, KeyError, TypeError, RecursionError):
        kid = None
    if not isinstance(kid, str) or not kid.isascii():
        raise Doubt("signature-form")
    return kid
