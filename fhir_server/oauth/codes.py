"""Authorization codes: 60 seconds, once, with the verifier of PKCE.

https://www.rfc-editor.org/rfc/rfc6749#section-4.1.3
"""

import secrets
from typing import Any

from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant
from authlib.oauth2.rfc7636 import CodeChallenge

from fhir_server.oauth import granted, grants, refresh
from fhir_server.oauth.clients import Client
from fhir_server.oauth.core import Registered, of
from fhir_server.oauth.server import OAuth
from fhir_server.oauth.tokens import digest
from fhir_server.store.records import Record

CODE_SECONDS = 60
# A code is remembered longer than it is good, so that its replay is known for one.
_REMEMBERED_SECONDS = 24 * 3600


def new(oauth: OAuth, request: Record, grant: Record) -> str:
    """Give a code for a grant, bound to what the authorization request said."""
    code, now = secrets.token_urlsafe(32), oauth.clock()
    said = ("client", "redirect_uri", "code_challenge", "nonce", "dpop_jkt")
    oauth.records.insert(
        "codes",
        {
            "_id": digest(code),
            "grant": grant["_id"],
            **{name: request[name] for name in said},
            "used": False,
            "until": now + CODE_SECONDS,
            "expires": now + _REMEMBERED_SECONDS,
        },
    )
    return code


class Code:
    """A code as Authlib asks for it."""

    code_challenge_method = "S256"

    def __init__(self, record: Record) -> None:
        """Take the record kept by `new`."""
        self.record = record
        self.code_challenge = record["code_challenge"]

    def get_redirect_uri(self) -> str:
        """Give the redirect URI the code was sent to."""
        return str(self.record["redirect_uri"])

    def get_scope(self) -> str:
        """Give nothing: the grant has the scopes."""
        return ""


class Pkce(CodeChallenge):
    """S256 for every client, confidential ones too.

    A code is only made for a request with a challenge, so its verifier is always asked for.
    https://hl7.org/fhir/smart-app-launch/app-launch.html#considerations-for-pkce-support
    """

    SUPPORTED_CODE_CHALLENGE_METHOD = ("S256",)
    DEFAULT_CODE_CHALLENGE_METHOD = "S256"


class CodeGrant(AuthorizationCodeGrant):
    """Redemption of a code: one atomic step, whatever becomes of the request afterwards."""

    def query_authorization_code(self, code: str, client: Registered) -> Code | None:
        """Use up a code. A second use ends the grant: one of the two was a thief's.

        https://www.rfc-editor.org/rfc/rfc6749#section-10.5
        """
        oauth, id_ = of(self).oauth, digest(code)
        record = oauth.records.change("codes", {"_id": id_, "used": False}, {"used": True})
        if record is None:
            replayed = oauth.records.get("codes", id_)
            if replayed:
                grants.end(oauth, "grant", replayed["grant"])
            return None
        good = record["client"] == client.client.id and record["until"] > oauth.clock()
        return Code(record) if good else None

    def authenticate_user(self, authorization_code: Code) -> Record | None:
        """Give the grant; from now on it lasts as long as its scopes say."""
        oauth = of(self).oauth
        id_ = authorization_code.record["grant"]
        grant = oauth.records.get("grants", id_)
        if grant is None:
            return None
        grant["expires"] = oauth.clock() + grants.lifetime(grant["scopes"])
        oauth.records.change("grants", {"_id": id_}, {"expires": grant["expires"]})
        return grant

    def generate_token(self, user: Record, scope: str, **_: Any) -> dict[str, Any]:
        """Issue the tokens of the grant, which is what Authlib calls the user here."""
        del scope
        core, code = of(self), self.request.authorization_code.record
        client: Client = self.request.client.client
        oauth = core.oauth
        jkt = granted.bound(oauth, self.request.asked, client, code["dpop_jkt"])
        body = granted.answer(oauth, user, user["scopes"], jkt=jkt)
        lasting = grants.lifetime(user["scopes"]) != grants.ACCESS_SECONDS
        asked = "openid" in user["scopes"]
        return granted.told(
            body,
            refresh_token=refresh.new(oauth, user, jkt) if lasting else "",
            id_token=granted.id_token(oauth, user, code["nonce"]) if asked else "",
        )

    def delete_authorization_code(self, authorization_code: Code) -> None:
        """Keep the code: it is used, and a replay must be known for one."""
