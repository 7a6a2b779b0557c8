"""Authlib's authorization server over plain requests and answers; it knows the token endpoint.

Authlib is synchronous, so this runs in threads: see docs/adr/0035-authorization-server.md.
"""

from collections.abc import Mapping
from typing import Any

from authlib.oauth2.rfc6749 import AuthorizationServer, OAuth2Request
from authlib.oauth2.rfc6749.requests import BasicOAuth2Payload

from fhir_server.oauth.authentication import authenticated
from fhir_server.oauth.clients import Client
from fhir_server.oauth.exchange import Answer, Request, single
from fhir_server.oauth.server import OAuth


class Registered:
    """A client as Authlib asks for it."""

    def __init__(self, client: Client) -> None:
        """Take the registration."""
        self.client = client

    def check_grant_type(self, grant_type: str) -> bool:
        """Say whether the client may use a grant; whoever may redeem codes may refresh."""
        wanted = "authorization_code" if grant_type == "refresh_token" else grant_type
        return wanted in self.client.grant_types


class Form(OAuth2Request):
    """A posted form as Authlib asks for it."""

    def __init__(self, asked: Request) -> None:
        """Take the request; raise InvalidRequestError for a parameter given twice."""
        super().__init__("POST", asked.url, headers=dict(asked.headers))
        self.asked = asked
        self.fields = single(asked.form)
        self.payload = BasicOAuth2Payload(self.fields)

    @property
    def form(self) -> dict[str, str]:
        """The parameters."""
        return self.fields


class Core(AuthorizationServer):
    """The grants of one authorization server."""

    def __init__(self, oauth: OAuth) -> None:
        """Take what the grants need; they are registered by whoever makes it."""
        super().__init__()
        self.oauth = oauth

    def create_oauth2_request(self, request: Request) -> Form:
        """Give the request as Authlib asks for it."""
        return Form(request)

    def authenticate_client(self, request: Form, methods: Any, endpoint: str = "token") -> Any:
        """Give who asks; how a client proves that is in its registration, not in the grant."""
        del methods, endpoint
        return Registered(authenticated(self.oauth, request.asked))

    def handle_response(
        self, status: int, body: Mapping[str, Any], headers: list[tuple[str, str]]
    ) -> Answer:
        """Give the answer."""
        return Answer(status, body, tuple(headers))

    def save_token(self, token: Mapping[str, Any], request: Form) -> None:
        """Do nothing: a token is kept where it is made."""

    def send_signal(self, name: str, *args: Any, **kwargs: Any) -> None:
        """Do nothing: nobody listens."""


def of(grant: Any) -> Core:
    """Give the server a grant is used by."""
    core: Core = grant.server
    return core
