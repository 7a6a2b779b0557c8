"""Public keys as verifiers hold them: a JWK Set read into keys with their issuer and their time.

`nbf` and `exp` say when a key was in use, `revoked.revoked_at` since when it is not to be trusted:
https://openid.net/specs/openid-federation-1_0.html, 8.7.2. All are int seconds since the epoch.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from extensions.judicial_record.proof.reasons import Doubt


@dataclass(frozen=True, slots=True)
class PublicKey:
    """`issuer` used it from `since` until before `until`, int seconds; `revoked` 0 if never."""

    kid: str
    issuer: str
    since: int
    until: int
    revoked: int
    public: ECKey


def keyset(jwks: Any) -> dict[str, PublicKey]:
    """Read a JWK Set; what is no signing key of ours is left out, as RFC 7517 section 5 asks.

    A key's `kid` is its own thumbprint (RFC 7638), so a changed key is no key of the set.
    """
    rows = jwks.get("keys") if isinstance(jwks, dict) else None
    found = [_key(row) for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
    return {key.kid: key for key in found if key is not None}


def trusted(key: PublicKey, issuer: str, at: int) -> None:
    """Raise Doubt unless this issuer's key was in use and good at a time, int seconds.

    Reasons: key-of-another, key-out-of-time, key-compromised.
    """
    if key.issuer != issuer:
        raise Doubt("key-of-another")
    if not key.since <= at < key.until:
        raise Doubt("key-out-of-time")
    if key.revoked and at >= key.revoked:
        raise Doubt("key-compromised")


def _key(row: Mapping[str, Any]) -> PublicKey | None:
    if row.get("kty") != "EC" or row.get("crv") != "P-256" or row.get("use") != "sig":
        return None
    revoked = row["revoked"].get("revoked_at") if isinstance(row.get("revoked"), dict) else 0
    kid, issuer, times = row.get("kid"), row.get("issuer"), [row.get("nbf"), row.get("exp")]
    since, until, revoked = (time if type(time) is int else -1 for time in (*times, revoked))
    if not isinstance(issuer, str) or min(since, until, revoked) < 0:
        return None
    public = _imported(str(row.get("x")), str(row.get("y")))
    if public is None or public.thumbprint() != kid:
        return None
    return PublicKey(kid, issuer, since, until, revoked, public)


@lru_cache(maxsize=1000)
def _imported(x: str, y: str) -> ECKey | None:
    """Read a point once: a verifier reads the same key set for every certificate."""
    try:
        return ECKey.import_key({"kty": "EC", "crv": "P-256", "x": x, "y": y})
    except (JoseError, ValueError):
        return None
