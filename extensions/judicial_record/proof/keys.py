"""The keys of every issuer: which one signs, rotation, compromise, and the set others verify with.

A key is retired, never removed: what it signed stays verifiable. Times are whole seconds, so that
the time printed on a certificate decides which key is asked for. All here is synchronous.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from extensions.judicial_record.proof.jws import ALGORITHM, Key
from extensions.judicial_record.proof.signer import Signer
from fhir_server.fhir.dates import SECOND
from fhir_server.fhir.errors import NotFound, Unavailable
from fhir_server.store.records import Record, Records

KINDS: Mapping[str, Sequence[str]] = {"proof_keys": ("issuer", "kid")}
SIGNING_SECONDS = 2 * 365 * 24 * 3600
_MOST = 10_000


@dataclass(frozen=True, slots=True)
class KeyRing:
    """`clock` gives int µs since the Unix epoch, UTC."""

    records: Records
    signer: Signer
    clock: Callable[[], int]


def active(ring: KeyRing, issuer: str, at: int) -> Key:
    """Give the key that signs for an issuer what is issued at a time, int µs; make one if none is.

    Raises Unavailable where another process is making it.
    """
    second = at // SECOND
    found = _signing(ring, issuer, second)
    if found is None:
        _make(ring, issuer, second)
        found = _signing(ring, issuer, second)
    if found is None:
        raise Unavailable(
            "The issuer's key is being changed; try again in a second.", retry_after=1
        )
    return Key(found["kid"], issuer, partial(ring.signer.sign, found["kid"]))


def rotate(ring: KeyRing, issuer: str) -> None:
    """Let a new key sign from the next second on; of several who rotate at once one does."""
    # The next second: what is being issued in this one is signed by the key of now.
    rows, since = _of(ring, issuer), ring.clock() // SECOND + 1
    if _make(ring, issuer, since):
        for row in rows:
            if row["exp"] > since:
                ring.records.change("proof_keys", {"_id": row["_id"]}, {"exp": since})


def compromised(ring: KeyRing, kid: str, since: int) -> None:
    """Trust nothing a key signed at or after a time, int µs; it signs no more.

    An earlier time may be given later; a later one changes nothing. Raises NotFound.
    """
    row = ring.records.one("proof_keys", {"kid": kid})
    if row is None:
        raise NotFound("No key has this id.")
    second = max(since // SECOND, 1)
    while row["revoked"] == 0 or row["revoked"] > second:
        was = ring.records.change(
            "proof_keys", {"kid": kid, "revoked": row["revoked"]}, {"revoked": second}
        )
        row = was | {"revoked": second} if was else ring.records.one("proof_keys", {"kid": kid})
        assert row is not None, "a key is never removed"


def published(ring: KeyRing) -> dict[str, Any]:
    """Give the JWK Set (RFC 7517) of all keys there ever were, for `legal-jwks.json`."""
    return {"keys": [_public(row) for row in ring.records.find("proof_keys", {}, _MOST)]}


def _public(row: Record) -> dict[str, Any]:
    jwk = {name: row[name] for name in ("kty", "crv", "x", "y", "kid", "issuer", "nbf", "exp")}
    lost = {"revoked_at": row["revoked"], "reason": "compromised"}
    return jwk | {"use": "sig", "alg": ALGORITHM} | ({"revoked": lost} if row["revoked"] else {})


def _signing(ring: KeyRing, issuer: str, second: int) -> Record | None:
    good = [
        row for row in _of(ring, issuer) if row["nbf"] <= second < row["exp"] and not row["revoked"]
    ]
    return max(good, key=lambda row: int(row["number"]), default=None)


def _of(ring: KeyRing, issuer: str) -> list[Record]:
    return ring.records.find("proof_keys", {"issuer": issuer}, _MOST)


def _make(ring: KeyRing, issuer: str, since: int) -> bool:
    """Make the issuer's next key; False where another process took its number."""
    number, public = len(_of(ring, issuer)), ring.signer.generate()
    times = {"nbf": since, "exp": since + SIGNING_SECONDS, "revoked": 0}
    named = {"_id": f"{issuer} {number:06d}", "issuer": issuer, "number": number}
    return ring.records.insert("proof_keys", {**public, **named, **times})
