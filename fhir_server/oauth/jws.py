"""Signed JWTs from outside, read strictly before anything in them is believed.

https://www.rfc-editor.org/rfc/rfc8725
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import Key
from joserfc.util import urlsafe_b64decode

from fhir_server.fhir import json
from fhir_server.fhir.errors import Invalid

LONGEST = 8 * 1024
LONGEST_TEXT = 128
_COMPACT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")


class Registry(jws.JWSRegistry):
    """What joserfc lets through; a DPoP header has a whole key in it."""

    max_header_length = 4096


@dataclass(frozen=True, slots=True)
class Unverified:
    """A JWT whose signature is still to be checked, by `verified`."""

    text: str
    header: Mapping[str, Any]
    claims: Mapping[str, Any]

    @property
    def alg(self) -> str:
        """Give the algorithm, which is one of those asked for."""
        return str(self.header["alg"])


def read(text: str, algorithms: Collection[str], typ: str, *, stated: bool = True) -> Unverified:
    """Give a JWT as it says of itself; ValueError unless of this type, by one of these algorithms.

    Refused are names twice in an object, algorithms of its own choice (`none`), extensions (`crit`,
    `b64`), and numbers JSON does not have.
    """
    if len(text) > LONGEST or not _COMPACT.fullmatch(text):
        raise ValueError("no signed JWT in compact form")
    try:
        first, second, _ = text.encode("ascii").split(b".")
        header = json.parse_object(urlsafe_b64decode(first))
        claims = json.parse_object(urlsafe_b64decode(second))
    except (Invalid, ValueError):
        raise ValueError("no JWT that can be read") from None
    if header.get("alg") not in tuple(algorithms) or {"crit", "b64", "x5u", "zip"} & set(header):
        raise ValueError("an algorithm or extension that is not used here")
    said = header.get("typ", None if stated else typ)
    if not isinstance(said, str) or said.lower() != typ.lower():
        raise ValueError(f"not of type {typ}")
    return Unverified(text, header, claims)


def verified(jwt: Unverified, key: Key) -> None:
    """Raise ValueError unless this key signed it."""
    registry = Registry(algorithms=[jwt.alg], strict_check_header=False)
    try:
        jws.deserialize_compact(jwt.text, key, registry=registry)
    except (JoseError, ValueError, TypeError, LookupError):
        raise ValueError("no signature of this key") from None


def seconds(claims: Mapping[str, Any], name: str) -> int:
    """Give a time of the claims; ValueError for none, for text, for a fraction."""
    value = claims.get(name)
    if type(value) is not int or not 0 <= value < 1 << 40:
        raise ValueError(f"{name} is not a time in whole seconds")
    return value


def text(said: Mapping[str, Any], name: str) -> str:
    """Give a text of header or claims; ValueError for none, or one too long."""
    value = said.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= LONGEST_TEXT:
        raise ValueError(f"{name} is not a text of 1 to {LONGEST_TEXT} characters")
    return value
