"""DPoP: a token only the holder of a key can use, who proves it with every request.

https://www.rfc-editor.org/rfc/rfc9449
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from typing import Any, Final

from authlib.oauth2 import OAuth2Error

from fhir_server.oauth import jwks, jws
from fhir_server.oauth.assertion import used_up
from fhir_server.oauth.server import OAuth
from fhir_server.outbound.address import parsed

ALGORITHMS: Final = {"ES256": "EC", "ES384": "EC", "RS256": "RSA"}
WINDOW = 30


class InvalidProof(OAuth2Error):
    """400: the DPoP proof does not prove this request."""

    error = "invalid_dpop_proof"
    description = "The DPoP proof is missing or does not fit this request."


def checked(oauth: OAuth, proof: str, method: str, url: str, token: str = "") -> str:
    """Give the thumbprint of the key that proves a request, which uses the proof up.

    `url` is the endpoint's, without query; `token` the access token sent with it, "" at an endpoint
    that gives one. Raises InvalidProof.
    https://www.rfc-editor.org/rfc/rfc9449#section-4.3
    """
    try:
        return _proven(oauth, proof, method, url, token)
    except ValueError:
        raise InvalidProof from None


def _proven(oauth: OAuth, proof: str, method: str, url: str, token: str) -> str:
    jwt = jws.read(proof, ALGORITHMS, "dpop+jwt")
    key = jwks.public(jwt.header.get("jwk"))
    if key.key_type != ALGORITHMS[jwt.alg]:
        raise ValueError("the key is not of the algorithm")
    jws.verified(jwt, key)
    issued = _of_this_request(jwt.claims, method, url, oauth.clock())
    _of_this_token(jwt.claims, token)
    jkt, jti = key.thumbprint(), jws.text(jwt.claims, "jti")
    if not used_up(oauth, f"dpop\n{jkt}\n{jti}", issued + WINDOW):
        raise ValueError("jti was used before")
    return jkt


def _of_this_request(claims: Mapping[str, Any], method: str, url: str, now: int) -> int:
    issued = jws.seconds(claims, "iat")
    if abs(issued - now) > WINDOW:
        raise ValueError("iat is not now")
    if claims.get("htm") != method:
        raise ValueError("htm is another method")
    htu = claims.get("htu")
    if not isinstance(htu, str) or "?" in htu or parsed(htu) != parsed(url):
        raise ValueError("htu is another address")
    return issued


def _of_this_token(claims: Mapping[str, Any], token: str) -> None:
    digest = base64.urlsafe_b64encode(hashlib.sha256(token.encode()).digest()).rstrip(b"=")
    ath = claims.get("ath")
    if token and not (isinstance(ath, str) and hmac.compare_digest(ath.encode(), digest)):
        raise ValueError("ath is another token's")
