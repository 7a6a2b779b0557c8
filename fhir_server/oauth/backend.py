"""SMART Backend Services: the grant client_credentials."""

from authlib.oauth2.rfc6749 import UnsupportedGrantTypeError

from fhir_server.oauth.clients import Client
from fhir_server.oauth.exchange import Answer, Pairs
from fhir_server.oauth.server import OAuth


def token(oauth: OAuth, client: Client, form: Pairs) -> Answer:
    """Give the token answer; raise OAuth2Error."""
    del oauth, client, form
    raise UnsupportedGrantTypeError("client_credentials")
