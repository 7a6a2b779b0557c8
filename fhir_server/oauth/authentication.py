"""Who a client is, at the endpoints it asks itself."""

import base64
import binascii
from collections.abc import Mapping
from urllib.parse import unquote_plus

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error
from authlib.oauth2.rfc6749 import InvalidClientError

from fhir_server.oauth.clients import Client, active
from fhir_server.oauth.exchange import Pairs, single
from fhir_server.oauth.server import OAuth


def authenticated(oauth: OAuth, form: Pairs, headers: Mapping[str, str], url: str) -> Client:
    """Give the client that asks; raise InvalidClientError, which tells nothing of why."""
    del url
    fields = single(form)
    id_, secret = _basic(headers.get("authorization", ""))
    client = active(oauth, id_ or fields.get("client_id", ""))
    if client and client.kind == "public" and not id_:
        return client
    row = oauth.records.get("clients", id_) if id_ else None
    try:
        PasswordHasher().verify((row or {}).get("secret", ""), secret)
    except Argon2Error:
        client = None
    if client is None or client.kind != "symmetric":
        raise InvalidClientError("The client is not known here.", status_code=401)
    return client


def _basic(header: str) -> tuple[str, str]:
    scheme, _, text = header.partition(" ")
    if scheme.lower() != "basic":
        return "", ""
    try:
        id_, _, secret = base64.b64decode(text, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return unquote_plus(id_), unquote_plus(secret)
