"""Which client asks: exactly one proof, exactly the registered kind, one answer to all that fail.

https://www.rfc-editor.org/rfc/rfc6749#section-2.3
"""

import base64
import binascii
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import unquote_plus

from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import InvalidClientError, InvalidRequestError

from fhir_server.oauth import assertion, clients, lockout
from fhir_server.oauth.clients import Client
from fhir_server.oauth.exchange import Request, single
from fhir_server.oauth.server import OAuth

_LONGEST = 1024
_NOBODYS = "".ljust(64, "-")


class TooManyAttempts(OAuth2Error):
    """429: this client failed so often from there that it has to wait."""

    error = "temporarily_unavailable"
    description = "Too many failed attempts; wait as long as Retry-After says, then try again."
    status_code = 429

    def __init__(self, seconds: int) -> None:
        """`seconds` goes out as Retry-After."""
        super().__init__()
        self.seconds = seconds

    def get_headers(self) -> list[tuple[str, str]]:
        """Give the headers of any error, and how long to wait."""
        return [*super().get_headers(), ("Retry-After", str(self.seconds))]


class Proof(NamedTuple):
    """What a request says of its client: `method` is none, secret or key."""

    method: str
    client_id: str
    word: str = ""


def authenticated(oauth: OAuth, request: Request) -> Client:
    """Give the active client that sent a request.

    Raises InvalidClientError, the same for every failure; InvalidRequestError where a request
    proves itself in two ways; TooManyAttempts.
    """
    proof = _proof(single(request.form), request.headers)
    now = oauth.clock()
    key = f"client {proof.client_id} {lockout.network(request.address)}"
    # Only a secret can be guessed.
    guessable = proof.method == "secret"
    if guessable and (wait := lockout.delay(oauth.records, key, now)):
        raise TooManyAttempts(wait)
    client = _checked(oauth, proof, request.url)
    if guessable:
        lockout.cleared(oauth.records, [key]) if client else lockout.failed(
            oauth.records, [key], now
        )
    if client is None:
        raise refusal()
    return client


def refusal() -> InvalidClientError:
    """Give the one error that says who did not prove itself, and not why.

    https://www.rfc-editor.org/rfc/rfc6749#section-5.2
    """
    return InvalidClientError("Client authentication failed.", status_code=401)


def _proof(sent: Mapping[str, str], headers: Mapping[str, str]) -> Proof:
    """Give the one proof of a request."""
    client_id = sent.get("client_id", "")
    found = []
    if "authorization" in headers:
        found.append(_basic(headers["authorization"], client_id))
    if "client_secret" in sent:
        found.append(Proof("secret", client_id, sent["client_secret"]))
    if "client_assertion" in sent or "client_assertion_type" in sent:
        if sent.get("client_assertion_type") != assertion.TYPE:
            raise refusal()
        found.append(Proof("key", client_id, sent.get("client_assertion", "")))
    if len(found) > 1:
        raise InvalidRequestError("The request authenticates its client in two ways.")
    return found[0] if found else Proof("none", client_id)


def _basic(header: str, client_id: str) -> Proof:
    """Read HTTP Basic, whose two halves are form-urlencoded before they are joined."""
    scheme, _, word = header.partition(" ")
    if scheme.lower() != "basic" or len(word) > _LONGEST:
        raise refusal()
    try:
        decoded = base64.b64decode(word.strip(), validate=True).decode("ascii")
    except (binascii.Error, ValueError):
        raise refusal() from None
    name, colon, secret = decoded.partition(":")
    if not colon or client_id not in {"", unquote_plus(name)}:
        raise refusal()
    return Proof("secret", unquote_plus(name), unquote_plus(secret))


def _checked(oauth: OAuth, proof: Proof, url: str) -> Client | None:
    if proof.method == "key":
        try:
            client = assertion.checked(oauth, proof.word, {url, oauth.url("token"), oauth.issuer})
        except ValueError:
            return None
        return client if proof.client_id in {"", client.id} else None
    found = clients.active(oauth, proof.client_id)
    if proof.method == "none":
        return found if found and found.kind == "public" else None
    # A client that is unknown, or has no secret, costs what a known one does.
    kept = found.secret if found else ""
    return found if clients.holds(kept or _NOBODYS, proof.word) else None
