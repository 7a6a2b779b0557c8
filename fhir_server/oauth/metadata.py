"""What a client says of itself when it is registered: checked in one place, whoever brings it.

https://www.rfc-editor.org/rfc/rfc7591#section-2
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from authlib.oauth2 import OAuth2Error

from fhir_server.access import scopes
from fhir_server.oauth import jwks, names
from fhir_server.oauth.clients import Client, Kind
from fhir_server.oauth.server import OAuth
from fhir_server.outbound.address import parsed

METHODS: Final[Mapping[str, Kind]] = {
    "none": "public",
    "client_secret_basic": "symmetric",
    "client_secret_post": "symmetric",
    "private_key_jwt": "asymmetric",
}
# What goes together: a system asks for itself, or an app asks its user.
GRANT_TYPES: Final = (
    {"authorization_code"},
    {"authorization_code", "refresh_token"},
    {"client_credentials"},
)
MOST, LONGEST_SCOPE = 10, 10_000
_LOOPBACK = {"127.0.0.1", "::1", "localhost"}
# https://www.rfc-editor.org/rfc/rfc8252#section-7.1
_PRIVATE_USE = re.compile(r"[a-z][a-z0-9-]*(?:\.[a-z0-9-]+)+:/(?!/)[A-Za-z0-9._~/-]+")
_CONTACT = re.compile(r"[!-?A-~]{1,64}@[A-Za-z0-9.-]{1,189}")
_DOTS = re.compile(r"(?:^|/)(?:\.|%2e){1,2}(?:/|$)", re.IGNORECASE)


class InvalidMetadata(OAuth2Error):
    """400: a client cannot be registered so; the description says what to change."""

    error = "invalid_client_metadata"

    def __init__(self, description: str, error: str = "invalid_client_metadata") -> None:
        """`error` is one of https://www.rfc-editor.org/rfc/rfc7591#section-3.2.2 ."""
        # What was sent may be quoted: of it only what an error may have.
        told = re.sub(r"[^ !#-\[\]-~]", "'", description)
        super().__init__(told[:500], error=error)


def checked(oauth: OAuth, told: Mapping[str, Any]) -> Client:
    """Give the client that metadata tell of, pending and without an id; InvalidMetadata.

    Members that mean nothing here are ignored, and addresses of logos and pages never fetched.
    """
    if "software_statement" in told:
        raise InvalidMetadata(
            "Software statements are not read here.", "unapproved_software_statement"
        )
    kind = _kind(told.get("token_endpoint_auth_method", "client_secret_basic"))
    grant_types = _grant_types(told, kind)
    is_app = "authorization_code" in grant_types
    given = told.get("jwks"), told.get("jwks_uri")
    key_set, jwks_uri = _keys(oauth, *given) if kind == "asymmetric" else _no_keys(*given)
    return Client(
        id="",
        name=_told(names.checked, told.get("client_name")),
        kind=kind,
        grant_types=grant_types,
        redirect_uris=_redirect_uris(_texts(told, "redirect_uris"), kind, is_app=is_app),
        scopes=_scopes(oauth, told.get("scope"), is_app=is_app),
        jwks=key_set,
        jwks_uri=jwks_uri,
        launch_url=_launch_url(told.get("initiate_login_uri", "")),
        contacts=_contacts(_texts(told, "contacts")),
        dpop=_flag(told, "dpop_bound_access_tokens"),
    )


def redirect_uri(uri: str, kind: Kind) -> str:
    """Give a redirect URI, as it is to be sent each time; ValueError says what it may be.

    https with a domain name, http on loopback, or the private-use scheme of a public client.
    https://www.rfc-editor.org/rfc/rfc9700#section-4.1.3
    """
    if kind == "public" and _PRIVATE_USE.fullmatch(uri) and not _DOTS.search(uri):
        return uri
    address = parsed(uri)
    loopback = address.scheme == "http" and address.host in _LOOPBACK
    named = address.scheme == "https" and address.is_named
    if not (loopback or named) or "*" in uri or _DOTS.search(address.target.partition("?")[0]):
        raise ValueError(
            "A redirect URI is https with a domain name, http on 127.0.0.1, or for public clients "
            "com.example.app:/path; without wildcards, fragment or dots for folders."
        )
    return uri


def _told(check: Callable[..., Any], *given: Any, error: str = "invalid_client_metadata") -> Any:
    """Give what a check gives; what it refuses is told."""
    try:
        return check(*given)
    except ValueError as refused:
        raise InvalidMetadata(str(refused), error) from None


def _kind(method: object) -> Kind:
    if not isinstance(method, str) or method not in METHODS:
        raise InvalidMetadata(f"token_endpoint_auth_method is one of {', '.join(METHODS)}.")
    return METHODS[method]


def _grant_types(told: Mapping[str, Any], kind: Kind) -> tuple[str, ...]:
    found = _texts(told, "grant_types") or ("authorization_code",)
    if set(found) not in GRANT_TYPES:
        raise InvalidMetadata(
            "grant_types is authorization_code, with or without refresh_token, or "
            "client_credentials alone."
        )
    if "client_credentials" in found and kind != "asymmetric":
        raise InvalidMetadata("client_credentials goes with private_key_jwt only.")
    types = _texts(told, "response_types")
    if types and set(types) != {"code"}:
        raise InvalidMetadata("response_types is code.")
    return tuple(sorted(set(found)))


def _texts(told: Mapping[str, Any], name: str) -> tuple[str, ...]:
    found = told.get(name)
    if found is None:
        return ()
    if (
        not isinstance(found, list)
        or len(found) > MOST
        or not all(isinstance(one, str) for one in found)
    ):
        raise InvalidMetadata(f"{name} is an array of at most {MOST} texts.")
    return tuple(dict.fromkeys(found))


def _redirect_uris(uris: tuple[str, ...], kind: Kind, *, is_app: bool) -> tuple[str, ...]:
    if bool(uris) != is_app:
        raise InvalidMetadata(
            "redirect_uris goes with authorization_code, and has at least one.",
            "invalid_redirect_uri",
        )
    return tuple(_told(redirect_uri, uri, kind, error="invalid_redirect_uri") for uri in uris)


def _scopes(oauth: OAuth, text: object, *, is_app: bool) -> tuple[str, ...]:
    """Give the scopes, in normal form: those of a system, or those of an app, never both."""
    if not isinstance(text, str) or not text.strip() or len(text) > LONGEST_SCOPE:
        raise InvalidMetadata(f"scope is a text of scopes, of 1 to {LONGEST_SCOPE} characters.")
    found = _told(scopes.each, text, oauth.spec)
    whose = "user" if is_app else "system"
    if not all(scopes.granted_to(whose, one, oauth.spec) for one in found):
        raise InvalidMetadata(
            "System scopes go with client_credentials, and all others with authorization_code."
        )
    return tuple(map(str, scopes.union(found)))


def _keys(oauth: OAuth, key_set: object, uri: object) -> tuple[Mapping[str, Any] | None, str]:
    if (key_set is None) == (uri is None):
        raise InvalidMetadata("private_key_jwt goes with jwks or jwks_uri, one of them.")
    if uri is None:
        return _told(jwks.registered, key_set), ""
    if not isinstance(uri, str) or not oauth.outbound.may(uri):
        raise InvalidMetadata("jwks_uri is an https address with a domain name, on port 443.")
    return None, uri


def _no_keys(key_set: object, uri: object) -> tuple[None, str]:
    if key_set is not None or uri is not None:
        raise InvalidMetadata("jwks and jwks_uri go with private_key_jwt.")
    return None, ""


def _launch_url(url: object) -> str:
    if url == "":
        return ""
    if not isinstance(url, str):
        raise InvalidMetadata("initiate_login_uri is an address.")
    return str(_told(redirect_uri, url, "symmetric"))


def _contacts(found: tuple[str, ...]) -> tuple[str, ...]:
    if not all(_CONTACT.fullmatch(one) for one in found):
        raise InvalidMetadata("contacts are e-mail addresses.")
    return found


def _flag(told: Mapping[str, Any], name: str) -> bool:
    found = told.get(name, False)
    if not isinstance(found, bool):
        raise InvalidMetadata(f"{name} is true or false.")
    return found
