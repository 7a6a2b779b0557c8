"""Registration of clients by themselves: anyone may apply, an operator lets them in.

https://www.rfc-editor.org/rfc/rfc7591
https://www.rfc-editor.org/rfc/rfc7592
"""

import hashlib
import hmac
import secrets
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from authlib.oauth2 import OAuth2Error

from fhir_server.fhir import json
from fhir_server.fhir.errors import Invalid
from fhir_server.oauth import clients, metadata, review
from fhir_server.oauth.clients import Client, ClientError
from fhir_server.oauth.exchange import Answer
from fhir_server.oauth.lockout import network
from fhir_server.oauth.metadata import InvalidMetadata
from fhir_server.oauth.server import OAuth

LONGEST = 64 * 1024
# What a client cannot say of itself.
_KEPT = (
    *("id", "secret", "registration", "created", "version", "status", "note"),
    *("organisation", "facilities", "clearance", "name_key"),
)
AN_HOUR, A_NETWORK_AN_HOUR, PENDING = 3600, 10, 1000


class TooManyApplications(OAuth2Error):
    """429: so many clients from one network, or waiting for review, are not taken."""

    error = "temporarily_unavailable"
    description = "Too many clients are being registered; try again in an hour."
    status_code = 429

    def get_headers(self) -> list[tuple[str, str]]:
        """Give the headers of any error, and how long to wait."""
        return [*super().get_headers(), ("Retry-After", str(AN_HOUR))]


class InvalidToken(OAuth2Error):
    """401: not the registration access token of this client."""

    error = "invalid_token"
    description = "The registration access token is not that of this client."
    status_code = 401

    def get_headers(self) -> list[tuple[str, str]]:
        """Give the headers of any error, and the challenge."""
        return [*super().get_headers(), ("WWW-Authenticate", 'Bearer error="invalid_token"')]


def register(oauth: OAuth, body: bytes, address: str) -> Answer:
    """Take an application; the client is pending, and can do nothing, until it is approved.

    `address` is the sender's. Raises InvalidMetadata, TooManyApplications.
    https://www.rfc-editor.org/rfc/rfc7591#section-3
    """
    now = oauth.clock()
    counted = f"register {now // AN_HOUR} {network(address)}"
    id_ = hashlib.sha256(counted.encode()).hexdigest()
    if oauth.records.count_up("attempts", id_, now + AN_HOUR) > A_NETWORK_AN_HOUR:
        raise TooManyApplications
    waiting = oauth.records.find("clients", {"status": "pending"}, PENDING)
    if len(waiting) >= PENDING:
        raise TooManyApplications
    token = secrets.token_urlsafe(32)
    wanted = replace(metadata.checked(oauth, _object(body)), registration=_hash(token))
    added, secret = _added(oauth, wanted)
    return Answer(201, _told(oauth, added, token=token, secret=secret))


def read(oauth: OAuth, client_id: str, authorization: str, _: bytes = b"") -> Answer:
    """Tell a client how it is registered, and whether it was approved.

    https://www.rfc-editor.org/rfc/rfc7592#section-2.1
    """
    return Answer(200, _told(oauth, _own(oauth, client_id, authorization)))


def update(oauth: OAuth, client_id: str, authorization: str, body: bytes) -> Answer:
    """Replace what a client says of itself; what was approved is to be approved again.

    How it authenticates stays. Raises InvalidToken, InvalidMetadata.
    https://www.rfc-editor.org/rfc/rfc7592#section-2.2
    """
    own, told = _own(oauth, client_id, authorization), _object(body)
    if told.get("client_id") != client_id:
        raise InvalidMetadata("client_id is that of the address.")
    if {"registration_access_token", "registration_client_uri", "client_id_issued_at"} & set(told):
        raise InvalidMetadata("What the server told of the registration is not sent back.")
    wanted = metadata.checked(oauth, told)
    if wanted.kind != own.kind:
        raise InvalidMetadata("token_endpoint_auth_method does not change; register a new client.")
    if own.status in ("rejected", "suspended"):
        raise InvalidMetadata(f"The client is {own.status}; ask the operator.")
    changed = replace(wanted, **{name: getattr(own, name) for name in _KEPT})
    if changed != own:
        _unlike(oauth, changed)
        changed = replace(changed, status="pending", version=own.version + 1)
        if not clients.update(oauth, changed, own.version):
            raise InvalidMetadata("The registration was changed at the same time; read it again.")
    return Answer(200, _told(oauth, changed))


def delete(oauth: OAuth, client_id: str, authorization: str, _: bytes = b"") -> Answer:
    """Delete a client, and end all it was granted.

    https://www.rfc-editor.org/rfc/rfc7592#section-2.3
    """
    review.remove(oauth, _own(oauth, client_id, authorization).id)
    return Answer(204)


BY_METHOD: Final[Mapping[str, Callable[[OAuth, str, str, bytes], Answer]]] = {
    "GET": read,
    "PUT": update,
    "DELETE": delete,
}


def _own(oauth: OAuth, client_id: str, authorization: str) -> Client:
    """Give the client whose registration access token this is; InvalidToken."""
    scheme, _, token = authorization.partition(" ")
    found = clients.get(oauth, client_id)
    kept = found.registration if found else ""
    same = hmac.compare_digest(_hash(token), kept) if kept else False
    if found is None or scheme.lower() != "bearer" or not same:
        raise InvalidToken
    return found


def _object(body: bytes) -> Mapping[str, Any]:
    if len(body) > LONGEST:
        raise InvalidMetadata(f"The metadata have at most {LONGEST} bytes.")
    try:
        return json.parse_object(body)
    except Invalid:
        raise InvalidMetadata("The metadata are a JSON object.") from None


def _added(oauth: OAuth, wanted: Client) -> tuple[Client, str]:
    try:
        return clients.add(oauth, wanted)
    except ClientError as error:
        raise InvalidMetadata(str(error)) from None


def _unlike(oauth: OAuth, client: Client) -> None:
    try:
        clients.unlike(oauth, client.name, but=client.id)
    except ClientError as error:
        raise InvalidMetadata(str(error)) from None


def _told(oauth: OAuth, client: Client, *, token: str = "", secret: str = "") -> dict[str, Any]:
    """Give the client's registration in the words of the standard.

    https://www.rfc-editor.org/rfc/rfc7591#section-3.2.1
    """
    found = {
        **clients.told(client),
        "client_status": client.status,
        "registration_client_uri": f"{oauth.url('register')}/{client.id}",
    }
    if token:
        found["registration_access_token"] = token
    if secret:
        found |= {"client_secret": secret, "client_secret_expires_at": 0}
    return found


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode(errors="surrogatepass")).hexdigest()
