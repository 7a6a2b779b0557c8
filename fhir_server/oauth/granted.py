"""What a client is told when it gets a token: the token, its scope, and the launch context.

https://hl7.org/fhir/smart-app-launch/app-launch.html#obtain-access-token
"""

from collections.abc import Mapping, Sequence
from typing import Any

from authlib.oauth2.rfc6749 import InvalidRequestError

from fhir_server.oauth import dpop, grants, keys, tokens
from fhir_server.oauth.clients import Client
from fhir_server.oauth.exchange import Request
from fhir_server.oauth.server import OAuth
from fhir_server.store.records import Record


def answer(oauth: OAuth, grant: Record, scopes: Sequence[str], jkt: str = "") -> dict[str, Any]:
    """Issue an access token under the grant; give what the client is told."""
    token, record = tokens.issue(oauth, grant, scopes, jkt=jkt)
    return {
        "access_token": token,
        "token_type": "DPoP" if jkt else "Bearer",
        "expires_in": record["expires"] - record["created"],
        "scope": " ".join(scopes),
        **context(grant),
    }


def context(grant: Record) -> dict[str, Any]:
    """Give the launch context a grant has, under the names of SMART.

    https://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html#launch-context-arrives-with-your-access_token
    """
    told = {name: grant[name] for name in ("patient", "encounter") if grant[name]}
    banner = {"need_patient_banner": True} if grant["patient"] else {}
    return {**told, **banner, **grant["context"]}


def id_token(oauth: OAuth, grant: Record, nonce: str) -> str:
    """Give the OpenID Connect id_token; the client is its only audience.

    https://openid.net/specs/openid-connect-core-1_0.html#IDToken
    """
    now = oauth.clock()
    claims = {
        "iss": oauth.issuer,
        "sub": grant["user"],
        "aud": grant["client"],
        "iat": now,
        "exp": now + grants.ACCESS_SECONDS,
        "auth_time": grant["auth_time"],
        "acr": grant["acr"],
        "nonce": nonce,
        "fhirUser": fhir_user(oauth, grant),
    }
    return keys.signed(oauth, {name: value for name, value in claims.items() if value})


def fhir_user(oauth: OAuth, grant: Record) -> str:
    """Give the address of the user's own resource, where the grant says it may be told."""
    told = "fhirUser" in grant["scopes"] and grant["fhir_user"]
    return f"{oauth.base_url}/{grant['fhir_user']}" if told else ""


def bound(oauth: OAuth, request: Request, client: Client, expected: str = "") -> str:
    """Give the thumbprint of the key a token is to be bound to, empty for a Bearer token.

    `expected` is what was promised before. Raises OAuth2Error where the client has to prove a key
    and does not. https://www.rfc-editor.org/rfc/rfc9449#section-5
    """
    proof = request.headers.get("dpop", "")
    if not proof:
        if client.dpop or expected:
            raise InvalidRequestError("A DPoP proof is needed.")
        return ""
    jkt = dpop.checked(oauth, proof, "POST", request.url, "")
    if expected and jkt != expected:
        raise InvalidRequestError("The DPoP proof is of another key.")
    return jkt


def told(body: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """Give the body with what there is more of."""
    return dict(body) | {name: value for name, value in more.items() if value}
