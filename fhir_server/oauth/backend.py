"""Backend Services: a system asks for itself, within what it was registered for.

https://hl7.org/fhir/smart-app-launch/backend-services.html
"""

from authlib.oauth2.rfc6749 import InvalidScopeError, UnauthorizedClientError

from fhir_server.access import scopes
from fhir_server.oauth import granted, grants, tokens
from fhir_server.oauth.clients import Client
from fhir_server.oauth.exchange import Answer, Request, single
from fhir_server.oauth.server import OAuth
from fhir_server.store.records import Record

SECONDS = 300


def token(oauth: OAuth, client: Client, request: Request) -> Answer:
    """Answer a client_credentials request of an authenticated client; no refresh token is given.

    Raises UnauthorizedClientError unless the client is registered for it, with a key;
    InvalidScopeError for anything but system scopes, or none within registration.
    """
    if client.kind != "asymmetric" or "client_credentials" not in client.grant_types:
        raise UnauthorizedClientError("This grant is for clients registered for it, with a key.")
    given = list(map(str, _within(oauth, client, single(request.form).get("scope", ""))))
    jkt = granted.bound(oauth, request, client)
    grant = _grant(oauth, client, given, SECONDS)
    return Answer(200, granted.answer(oauth, grant, given, jkt=jkt))


def by_hand(oauth: OAuth, client: Client, scope: str, seconds: int) -> str:
    """Give an access token of a system, for who is at the server; ValueError says why not.

    Without `scope` it is for all the client is registered for.
    """
    try:
        given = list(map(str, _within(oauth, client, scope or " ".join(client.scopes))))
    except InvalidScopeError as error:
        raise ValueError(error.description or "The scope cannot be read.") from None
    made, _ = tokens.issue(oauth, _grant(oauth, client, given, seconds), given, seconds=seconds)
    return made


def _grant(oauth: OAuth, client: Client, given: list[str], seconds: int) -> Record:
    return grants.new(
        oauth,
        client,
        given,
        seconds=seconds,
        labels=list(client.clearance),
        organisations=[client.organisation] if client.organisation else [],
    )


def _within(oauth: OAuth, client: Client, text: str) -> tuple[scopes.Scope, ...]:
    """Give what of the scopes asked for the registration covers.

    https://hl7.org/fhir/smart-app-launch/backend-services.html#evaluate-requested-access
    """
    try:
        asked = scopes.each(text, oauth.spec)
        registered = scopes.each(" ".join(client.scopes), oauth.spec)
    except ValueError:
        raise InvalidScopeError from None
    if not all(scopes.granted_to("system", one, oauth.spec) for one in asked) or not asked:
        raise InvalidScopeError("Ask for system scopes, such as system/Patient.rs, and no others.")
    given = scopes.narrowed(registered, asked)
    if not given:
        raise InvalidScopeError("None of these scopes is registered for this client.")
    return given
