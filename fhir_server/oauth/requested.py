"""What an authorization request may ask for; whatever is wrong is told to the app.

https://hl7.org/fhir/smart-app-launch/app-launch.html#obtain-authorization-code
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import InvalidRequestError, InvalidScopeError

from fhir_server.access import scopes as algebra
from fhir_server.oauth import launch
from fhir_server.oauth.clients import Client
from fhir_server.oauth.server import OAuth
from fhir_server.store.records import Record

# A digest of SHA-256 in base64url.
_DIGEST = "[A-Za-z0-9_-]{43}"
# Of the 122 bits a state should have only its length can be seen; the usual JavaScript client
# sends 16 letters and digits.
# https://hl7.org/fhir/smart-app-launch/app-launch.html#request-4
_TEXTS = {
    "state": "[ -~]{16,512}",
    "nonce": "[ -~]{1,512}",
    "code_challenge": _DIGEST,
    "dpop_jkt": _DIGEST,
    "max_age": "[0-9]{1,9}",
    "launch": "[!-~]{1,512}",
    "scope": "[ -~]{1,8000}",
}
_NEEDED = ("state", "scope", "code_challenge")
_PROMPTS = {"none", "login", "consent", "select_account"}


def requested(oauth: OAuth, client: Client, fields: Mapping[str, str]) -> Record:
    """Give what is kept of a request whose redirect URI is known to be the client's.

    Raises OAuth2Error. A launch it names is used up.
    """
    for check in _CHECKS:
        check(oauth, fields)
    prompt = fields.get("prompt", "").split()
    scopes = _scopes(oauth, client, fields["scope"])
    launched = _launched(oauth, client, fields.get("launch"), scopes)
    return {
        "client": client.id,
        "redirect_uri": fields["redirect_uri"],
        "state": fields["state"],
        "nonce": fields.get("nonce", ""),
        "code_challenge": fields["code_challenge"],
        "dpop_jkt": fields.get("dpop_jkt", ""),
        "scopes": scopes,
        "prompt": prompt,
        "max_age": int(fields["max_age"]) if "max_age" in fields else None,
        "launch_user": launched.get("user", ""),
        "patient": launched.get("patient", ""),
        "encounter": launched.get("encounter", ""),
        "context": launched.get("context", {}),
    }


def _is_a_code_request(_: OAuth, fields: Mapping[str, str]) -> None:
    """https://www.rfc-editor.org/rfc/rfc9700#section-2.1.2 ."""
    if fields.get("response_type") != "code":
        error = "unsupported_response_type" if "response_type" in fields else "invalid_request"
        raise OAuth2Error("response_type is code.", error=error)
    if fields.get("response_mode", "query") != "query":
        raise InvalidRequestError("response_mode is query.")
    if "request" in fields:
        raise OAuth2Error("Push the request instead.", error="request_not_supported")


def _is_for_this_base(oauth: OAuth, fields: Mapping[str, str]) -> None:
    """https://hl7.org/fhir/smart-app-launch/app-launch.html#request-4 ."""
    if fields.get("aud") != oauth.base_url:
        raise InvalidRequestError(f"aud is {oauth.base_url}, as published.")


def _is_well_made(_: OAuth, fields: Mapping[str, str]) -> None:
    for name in _NEEDED:
        if name not in fields:
            raise InvalidRequestError(f"{name} is missing.")
    for name, pattern in _TEXTS.items():
        if name in fields and not re.fullmatch(pattern, fields[name]):
            raise InvalidRequestError(f"{name} is too short, too long or has odd characters.")


def _has_a_digest(_: OAuth, fields: Mapping[str, str]) -> None:
    """https://hl7.org/fhir/smart-app-launch/app-launch.html#considerations-for-pkce-support ."""
    if fields.get("code_challenge_method") != "S256":
        raise InvalidRequestError("code_challenge_method is S256.")


def _may_ask_the_user(_: OAuth, fields: Mapping[str, str]) -> None:
    """https://openid.net/specs/openid-connect-core-1_0.html#AuthRequest ."""
    prompt = set(fields.get("prompt", "").split())
    if not prompt <= _PROMPTS or ("none" in prompt and len(prompt) > 1):
        raise InvalidRequestError("prompt is none, or of login, consent and select_account.")
    if "none" in prompt:
        raise OAuth2Error("The user is always asked.", error="interaction_required")


_CHECKS: tuple[Callable[[OAuth, Mapping[str, str]], None], ...] = (
    _is_a_code_request,
    _is_well_made,
    _has_a_digest,
    _is_for_this_base,
    _may_ask_the_user,
)


def _scopes(oauth: OAuth, client: Client, text: str) -> list[str]:
    """Give of the scopes what the client may be granted; InvalidScopeError for none.

    A user grants nothing at level system.
    """
    try:
        wanted = algebra.each(text, oauth.spec)
        allowed = algebra.each(" ".join(client.scopes), oauth.spec)
    except ValueError as error:
        raise InvalidScopeError(_told(str(error))) from None
    narrowed = algebra.narrowed(allowed, wanted)
    kept = [one for one in narrowed if algebra.granted_to("user", one, oauth.spec)]
    if not kept:
        raise InvalidScopeError("None of the scopes is one the app may have from a user.")
    return [str(one) for one in kept]


def _launched(
    oauth: OAuth, client: Client, handle: str | None, scopes: list[str]
) -> Mapping[str, Any]:
    """Give the context of an EHR launch, empty without; a handle that is not good is an error.

    https://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html#apps-that-launch-from-the-ehr
    """
    if handle is None and "launch" not in scopes:
        return {}
    if handle is None or "launch" not in scopes:
        raise InvalidRequestError("The scope launch and the parameter launch go together.")
    found = launch.taken(oauth, handle, client.id)
    if found is None:
        raise InvalidRequestError("launch is not known here, or no more.")
    return found


def _told(text: str) -> str:
    """Give a text without what an error_description may not have.

    https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2.1
    """
    return re.sub(r"[^ !#-\[\]-~]", "?", text)[:500]
