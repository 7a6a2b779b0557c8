"""Revocation: a client gives a token back.

https://www.rfc-editor.org/rfc/rfc7009
"""

from authlib.oauth2.rfc6749 import InvalidRequestError

from fhir_server.oauth import grants
from fhir_server.oauth.authentication import authenticated
from fhir_server.oauth.exchange import Answer, Request, single
from fhir_server.oauth.server import OAuth
from fhir_server.oauth.tokens import digest


def answer(oauth: OAuth, request: Request) -> Answer:
    """End an access token; with a refresh token the grant and all its tokens.

    Of another client's token, or of none, the same is said and nothing is done. Raises OAuth2Error.
    """
    client = authenticated(oauth, request)
    token = single(request.form).get("token", "")
    if not token:
        raise InvalidRequestError("token is missing.")
    mine = {"_id": digest(token), "client": client.id}
    oauth.records.change("tokens", mine, {"revoked": True})
    refresh = oauth.records.one("refresh", mine)
    if refresh:
        grants.end(oauth, "grant", refresh["grant"])
    return Answer(200)
