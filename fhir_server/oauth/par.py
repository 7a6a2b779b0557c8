"""Pushed authorization requests: parameters come from the client itself, not through a browser.

https://www.rfc-editor.org/rfc/rfc9126
"""

from authlib.oauth2.rfc6749 import InvalidRequestError, UnauthorizedClientError

from fhir_server.oauth import authorize, granted
from fhir_server.oauth.authentication import authenticated
from fhir_server.oauth.exchange import Answer, Request, single
from fhir_server.oauth.server import OAuth


def answer(oauth: OAuth, request: Request) -> Answer:
    """Keep the authorization request an authenticated client pushes; give its request_uri.

    A DPoP proof sent with it binds what comes of it to its key. Raises OAuth2Error.
    """
    client = authenticated(oauth, request)
    sent = single(request.form)
    if "request_uri" in sent:
        raise InvalidRequestError("A pushed request names no other request.")
    if "authorization_code" not in client.grant_types:
        raise UnauthorizedClientError("This client is not registered to ask users.")
    if "dpop" in request.headers:
        # https://www.rfc-editor.org/rfc/rfc9449#section-10.1
        sent["dpop_jkt"] = granted.bound(oauth, request, client, sent.get("dpop_jkt", ""))
    uri = authorize.push(oauth, client, tuple(sent.items()))
    return Answer(201, {"request_uri": uri, "expires_in": authorize.PUSHED_SECONDS})
