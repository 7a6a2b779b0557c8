"""Pushed authorization requests: parameters come from the client itself, not through a browser.

https://www.rfc-editor.org/rfc/rfc9126
"""

import hashlib
import secrets
from typing import Final

from authlib.oauth2.rfc6749 import InvalidRequestError, UnauthorizedClientError

from fhir_server.oauth.clients import Client
from fhir_server.oauth.exchange import Answer, Pairs, single
from fhir_server.oauth.server import OAuth

PREFIX: Final = "urn:ietf:params:oauth:request_uri:"
SECONDS = 90
# Proofs of the client, which are no part of the request they came with.
_PROOFS = frozenset({"client_secret", "client_assertion", "client_assertion_type"})


def pushed(oauth: OAuth, client: Client, form: Pairs, jkt: str = "") -> Answer:
    """Keep the request an authenticated client pushes; `jkt` is the key of its DPoP proof, if any.

    What the parameters say is judged where they are used. Raises InvalidRequestError.
    """
    sent = single(form)
    if "request_uri" in sent or "request" in sent:
        raise InvalidRequestError("A pushed request names no other request.")
    if sent.get("client_id", client.id) != client.id:
        raise InvalidRequestError("client_id is not the client that pushes the request.")
    if "authorization_code" not in client.grant_types:
        raise UnauthorizedClientError("This client is not registered to ask users.")
    if jkt and sent.get("dpop_jkt", jkt) != jkt:
        raise InvalidRequestError("dpop_jkt is not the key of the DPoP proof.")
    kept = {name: value for name, value in sent.items() if name not in _PROOFS}
    kept |= {"client_id": client.id, **({"dpop_jkt": jkt} if jkt else {})}
    reference = secrets.token_urlsafe(32)
    oauth.records.insert(
        "requests",
        {
            "_id": _id(reference),
            "client": client.id,
            "pushed": True,
            "used": False,
            "parameters": [list(pair) for pair in kept.items()],
            "expires": oauth.clock() + SECONDS,
        },
    )
    return Answer(201, {"request_uri": PREFIX + reference, "expires_in": SECONDS})


def taken(oauth: OAuth, client_id: str, request_uri: str) -> Pairs:
    """Give the parameters pushed under a request_uri by this client, this one time.

    They are all there is: others at the authorization endpoint count for nothing. Raises
    InvalidRequestError, the same for a used, old, unknown or other client's request_uri.
    """
    reference = request_uri.removeprefix(PREFIX)
    found = None
    if request_uri.startswith(PREFIX):
        where = {"_id": _id(reference), "client": client_id, "pushed": True, "used": False}
        found = oauth.records.change("requests", where, {"used": True})
    if found is None or found["expires"] <= oauth.clock():
        raise InvalidRequestError(
            "request_uri is unknown, used or too old; push the request again."
        )
    return tuple((name, value) for name, value in found["parameters"])


def _id(reference: str) -> str:
    return hashlib.sha256(reference.encode(errors="surrogatepass")).hexdigest()
