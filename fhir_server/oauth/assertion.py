"""A client's own signed word that it is itself: private_key_jwt as SMART has it.

https://hl7.org/fhir/smart-app-launch/client-confidential-asymmetric.html
https://www.rfc-editor.org/rfc/rfc7523#section-3
"""

import hashlib
from collections.abc import Collection, Mapping
from typing import Any, Final

from joserfc.jwk import Key

from fhir_server.oauth import clients, jwks, jws
from fhir_server.oauth.clients import Client
from fhir_server.oauth.server import OAuth

TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
# The two SMART names, and no other.
ALGORITHMS: Final = {"RS384": "RSA", "ES384": "EC"}
LIFETIME, LEEWAY = 300, 30


def checked(oauth: OAuth, assertion: str, audiences: Collection[str]) -> Client:
    """Give the active client that signed an assertion, which is used up by that.

    Raises ValueError, whose text is for nobody outside: to a client every failure is the same.
    """
    jwt = jws.read(assertion, ALGORITHMS, "JWT")
    client_id = jws.text(jwt.claims, "sub")
    if jwt.claims.get("iss") != client_id:
        raise ValueError("iss and sub are not the client")
    client = clients.active(oauth, client_id)
    if client is None or client.kind != "asymmetric":
        raise ValueError("no such client with a key")
    jws.verified(jwt, _key(oauth, client, jwt.header))
    now = oauth.clock()
    expires = _timely(jwt.claims, now)
    if not _is_for(jwt.claims.get("aud"), audiences):
        raise ValueError("aud is not this server")
    if not used_up(oauth, f"{client.id}\n{jws.text(jwt.claims, 'jti')}", expires + LEEWAY):
        raise ValueError("jti was used before")
    return client


def used_up(oauth: OAuth, jti: str, until: int) -> bool:
    """Note an id that counts once, in every process; False where it was noted before.

    `until` is when a JWT with this id is no longer taken, in seconds.
    """
    id_ = hashlib.sha256(jti.encode(errors="surrogatepass")).hexdigest()
    # The database forgets some time after this, by a clock that may differ from ours.
    return oauth.records.insert("jtis", {"_id": id_, "expires": until + 60})


def _key(oauth: OAuth, client: Client, header: Mapping[str, Any]) -> Key:
    kid, jku = jws.text(header, "kid"), header.get("jku")
    if jku is not None and (not client.jwks_uri or jku != client.jwks_uri):
        raise ValueError("jku is not the registered one")
    key = jwks.key(oauth, client, kid, ALGORITHMS[header["alg"]])
    if key is None:
        raise ValueError("not one key with this kid")
    return key


def _timely(claims: Mapping[str, Any], now: int) -> int:
    """Give `exp`; ValueError unless it is ahead, and no more than 300 s from `iat` or from now."""
    expires = jws.seconds(claims, "exp")
    issued = jws.seconds(claims, "iat") if "iat" in claims else now
    begins = jws.seconds(claims, "nbf") if "nbf" in claims else now
    if max(issued, begins) > now + LEEWAY:
        raise ValueError("not valid yet")
    if expires < now - LEEWAY:
        raise ValueError("expired")
    # Counted from when the client says it signed: its clock may be ahead of ours.
    if expires - issued > LIFETIME:
        raise ValueError("valid for more than 300 s")
    return expires


def _is_for(aud: object, audiences: Collection[str]) -> bool:
    """Say whether an assertion is for this server and no other."""
    only = aud[0] if isinstance(aud, list) and len(aud) == 1 else aud
    return isinstance(only, str) and only in audiences
