"""Refresh tokens: kept by their digest, bound to their client, rotated for public clients.

A confidential client keeps its refresh token: it proves who it is, and a lost answer costs nothing.
https://www.rfc-editor.org/rfc/rfc9700#section-4.14.2
"""

import secrets
from typing import Any

from authlib.oauth2.rfc6749 import InvalidGrantError, InvalidScopeError
from authlib.oauth2.rfc6749.grants import RefreshTokenGrant

from fhir_server.access import scopes as algebra
from fhir_server.oauth import granted, grants
from fhir_server.oauth.core import Registered, of
from fhir_server.oauth.server import OAuth
from fhir_server.oauth.tokens import digest
from fhir_server.store.records import Record


def new(oauth: OAuth, grant: Record, jkt: str) -> str:
    """Give a refresh token for all a grant allows; `jkt` is the key its user must prove."""
    token = secrets.token_urlsafe(32)
    record = {
        "_id": digest(token),
        "grant": grant["_id"],
        "client": grant["client"],
        "used": False,
        "jkt": jkt,
        "expires": grant["expires"],
    }
    oauth.records.insert("refresh", record)
    return token


class Refresh:
    """A refresh token and its grant, as Authlib asks for them."""

    def __init__(self, record: Record, grant: Record) -> None:
        """Take the two records."""
        self.record = record
        self.grant = grant

    def check_client(self, client: Registered) -> bool:
        """Say whether it was issued to this client."""
        return bool(self.record["client"] == client.client.id)


class RefreshGrant(RefreshTokenGrant):
    """A new access token for a refresh token."""

    def authenticate_refresh_token(self, refresh_token: str) -> Refresh | None:
        """Give the refresh token while its grant holds."""
        oauth = of(self).oauth
        record = oauth.records.get("refresh", digest(refresh_token))
        grant = oauth.records.get("grants", record["grant"]) if record else None
        now = oauth.clock()
        if record is None or grant is None or grant["revoked"] or grant["expires"] <= now:
            return None
        return Refresh(record, grant) if online(oauth, grant) else None

    def _validate_token_scope(self, token: Refresh) -> None:
        """Let fewer scopes be asked for, never more; replaces Authlib's sets of words."""
        asked = self.request.payload.scope
        self.scopes = narrowed(of(self).oauth, token.grant["scopes"], asked)

    def authenticate_user(self, refresh_token: Refresh) -> Record:
        """Use up a public client's refresh token in one atomic step; a second use ends the grant.

        https://www.rfc-editor.org/rfc/rfc9700#section-4.14.2
        """
        oauth, id_ = of(self).oauth, refresh_token.record["_id"]
        grant, client = refresh_token.grant, self.request.client.client
        self.jkt = granted.bound(oauth, self.request.asked, client, refresh_token.record["jkt"])
        if client.kind == "public" and not oauth.records.change(
            "refresh", {"_id": id_, "used": False}, {"used": True}
        ):
            grants.end(oauth, "grant", grant["_id"])
            raise InvalidGrantError
        return grant | grants.registered(client)

    def issue_token(self, user: Record, refresh_token: Refresh) -> dict[str, Any]:
        """Issue an access token, and for a public client the next refresh token."""
        oauth, client = of(self).oauth, self.request.client.client
        body = granted.answer(oauth, user, self.scopes, jkt=self.jkt)
        bound = refresh_token.record["jkt"]
        return granted.told(
            body, refresh_token=new(oauth, user, bound) if client.kind == "public" else ""
        )

    def revoke_old_credential(self, refresh_token: Refresh) -> None:
        """Do nothing: `authenticate_user` did."""


def online(oauth: OAuth, grant: Record) -> bool:
    """Say whether the browser session an online grant lives by is still there."""
    if not grant["session"]:
        return True
    session = oauth.records.get("sessions", grant["session"])
    return session is not None and bool(session["expires"] > oauth.clock())


def narrowed(oauth: OAuth, granted_: list[str], asked: str | None) -> list[str]:
    """Give the scopes asked for, all of them where none are; raise InvalidScopeError for more.

    https://www.rfc-editor.org/rfc/rfc6749#section-6
    """
    if not asked:
        return granted_
    try:
        wanted = algebra.each(asked, oauth.spec)
        held = algebra.each(" ".join(granted_), oauth.spec)
    except ValueError:
        raise InvalidScopeError from None
    if algebra.narrowed(held, wanted) != wanted:
        raise InvalidScopeError
    return [str(one) for one in wanted]
