"""Introspection: whether an access token is good, and for what.

https://hl7.org/fhir/smart-app-launch/token-introspection.html
"""

from typing import Any

from authlib.oauth2.rfc6749 import InvalidRequestError

from fhir_server.oauth import granted
from fhir_server.oauth.authentication import authenticated
from fhir_server.oauth.exchange import Answer, Request, single
from fhir_server.oauth.server import OAuth
from fhir_server.oauth.tokens import bearer, digest
from fhir_server.store.records import Record

# Whoever has it may ask about the tokens of every client; others about their own.
SCOPE = "system/$introspect"


def answer(oauth: OAuth, request: Request) -> Answer:
    """Tell a client, or the bearer of a token with `system/$introspect`, about a token.

    Of a token that is not good, of another's and of none the same is said. Raises OAuth2Error.
    """
    everyones, asker = _asker(oauth, request)
    token = single(request.form).get("token", "")
    if not token:
        raise InvalidRequestError("token is missing.")
    record = oauth.records.get("tokens", digest(token))
    good = record and not record["revoked"] and record["expires"] > oauth.clock()
    if not record or not good or not (everyones or record["client"] == asker):
        return Answer(200, {"active": False})
    grant = oauth.records.get("grants", record["grant"])
    return Answer(200, _told(oauth, record, grant) if grant else {"active": False})


def _asker(oauth: OAuth, request: Request) -> tuple[bool, str]:
    """Give whether any token may be asked about, and who asks."""
    authorization = request.headers.get("authorization", "")
    if authorization.lower().startswith("bearer "):
        return True, bearer(oauth, authorization, SCOPE)["client"]
    client = authenticated(oauth, request)
    return client.kind != "public" and SCOPE in client.scopes, client.id


def _told(oauth: OAuth, record: Record, grant: Record) -> dict[str, Any]:
    said = {
        "active": True,
        "scope": " ".join(record["scopes"]),
        "client_id": record["client"],
        "exp": record["expires"],
        "iat": record["created"],
        "token_type": "DPoP" if record["jkt"] else "Bearer",
        **granted.context(grant),
    }
    if record["jkt"]:
        said["cnf"] = {"jkt": record["jkt"]}
    if "openid" in grant["scopes"]:
        said |= {"iss": oauth.issuer, "sub": grant["user"]}
        said |= {"fhirUser": user} if (user := granted.fhir_user(oauth, grant)) else {}
    return said
