"""The token endpoint: codes, refresh tokens, Backend Services, and nothing else.

https://www.rfc-editor.org/rfc/rfc6749#section-3.2
"""

from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import InvalidRequestError

from fhir_server.oauth import backend
from fhir_server.oauth.authentication import authenticated
from fhir_server.oauth.codes import CodeGrant, Pkce
from fhir_server.oauth.core import Core
from fhir_server.oauth.exchange import Answer, Request, single
from fhir_server.oauth.refresh import RefreshGrant
from fhir_server.oauth.server import OAuth

GRANT_TYPES = ("authorization_code", "refresh_token", "client_credentials")


def answer(oauth: OAuth, request: Request) -> Answer:
    """Give a token, or the error that tells why not; may raise it as OAuth2Error."""
    grant_type = single(request.form).get("grant_type")
    if grant_type is None:
        raise InvalidRequestError("grant_type is missing.")
    if grant_type not in GRANT_TYPES:
        # Not Authlib's error, which says back what was sent.
        raise OAuth2Error(f"Known: {', '.join(GRANT_TYPES)}.", error="unsupported_grant_type")
    if grant_type == "client_credentials":
        client = authenticated(oauth, request)
        return backend.token(oauth, client, request)
    core = Core(oauth)
    core.register_grant(CodeGrant, [Pkce()])
    core.register_grant(RefreshGrant)
    answered: Answer = core.create_token_response(request)
    return answered
