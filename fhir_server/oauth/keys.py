"""Keys that sign id_tokens, their rotation, and the key set others verify with.

A key signs for 90 days; it stays published for an hour after the next one took over.
https://www.rfc-editor.org/rfc/rfc7517
"""

from typing import Any

from joserfc import jwt
from joserfc.jwk import RSAKey

from fhir_server.oauth.server import OAuth
from fhir_server.store.records import Record

SIGNING_SECONDS = 90 * 24 * 3600
OVERLAP_SECONDS = 3600
# https://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html#steps-for-using-an-id-token
ALGORITHM = "RS256"
_BITS = 2048


def published(oauth: OAuth) -> dict[str, Any]:
    """Give the public keys as bare JWKs."""
    _signing(oauth)
    keys = (RSAKey.import_key(row["private"]) for row in _known(oauth))
    return {"keys": [key.as_dict(private=False) for key in keys]}


def signed(oauth: OAuth, claims: dict[str, Any]) -> str:
    """Give a JWT of these claims."""
    key = RSAKey.import_key(_signing(oauth)["private"])
    header = {"alg": ALGORITHM, "kid": key.kid, "typ": "JWT"}
    return jwt.encode(header, claims, key, algorithms=[ALGORITHM])


def rotate(oauth: OAuth) -> None:
    """Let a new key sign from now on; the keys before it are published for an hour more."""
    now, known = oauth.clock(), _known(oauth)
    number = max((row["number"] for row in known), default=0) + 1
    key = RSAKey.generate_key(_BITS, {"use": "sig", "alg": ALGORITHM}, auto_kid=True)
    made = oauth.records.insert(
        "keys",
        # Of processes that rotate at once one wins the number.
        {
            "_id": str(number),
            "number": number,
            "private": key.as_dict(private=True),
            "created": now,
            "expires": now + SIGNING_SECONDS + OVERLAP_SECONDS,
        },
    )
    for row in known if made else ():
        until = min(row["expires"], now + OVERLAP_SECONDS)
        oauth.records.change("keys", {"_id": row["_id"]}, {"expires": until})


def _signing(oauth: OAuth) -> Record:
    newest = _newest(oauth)
    if newest is None or newest["created"] + SIGNING_SECONDS <= oauth.clock():
        rotate(oauth)
        newest = _newest(oauth)
    assert newest is not None
    return newest


def _newest(oauth: OAuth) -> Record | None:
    return max(_known(oauth), key=lambda row: int(row["number"]), default=None)


def _known(oauth: OAuth) -> list[Record]:
    now = oauth.clock()
    return [row for row in oauth.records.find("keys", {}) if row["expires"] > now]
