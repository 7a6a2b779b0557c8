"""The identity provider others run: where it is asked, with which keys it signs.

OpenID Connect as any provider speaks it; which one, the settings say.
https://openid.net/specs/openid-connect-discovery-1_0.html
"""

import base64
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import Any
from urllib.parse import quote

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, Key, RSAKey, import_key

from fhir_server.fhir import json
from fhir_server.fhir.errors import Invalid
from fhir_server.oauth import jwks
from fhir_server.outbound.client import Fetched, NotFetched, Outbound

# How its ID tokens may be signed, and with which keys: none of these takes a shared secret.
ALGORITHMS: Mapping[str, tuple[str, str]] = {
    "RS256": ("RSA", ""),
    "PS256": ("RSA", ""),
    "ES256": ("EC", "P-256"),
}
_AGAIN_AFTER = 60
_PAUSE = 5
_ASSERTION_SECONDS = 60
_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_OK = 200


class ProviderError(Exception):
    """The provider does not answer, or not as OpenID Connect says; told to the operator."""


@dataclass(frozen=True, slots=True)
class Registration:
    """How we are known to the provider, and what of its answer counts.

    `issuer` is compared letter by letter. `secret`, or a private `key`, proves who we are. Of the
    levels of sure knowledge those in `acr` are enough. `claim` has the citizen number. `max_age` is
    how many seconds ago the person may have signed in there; 0 does not ask. `citizen_key` keys the
    hash of citizen numbers.
    """

    issuer: str
    client_id: str
    redirect_uri: str
    acr: tuple[str, ...]
    claim: str
    scopes: tuple[str, ...] = ("openid",)
    secret: str = field(default="", repr=False)
    key: RSAKey | ECKey | None = field(default=None, repr=False)
    max_age: int = 300
    citizen_key: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Endpoints:
    """What the provider says of itself; `names_itself` is RFC 9207's `iss` in its answers."""

    authorization: str
    token: str
    jwks: str
    names_itself: bool


class Provider:
    """One provider; what it says of itself and its keys are kept in this process.

    Everything here may wait for the provider, so it is called in a thread. Raises ProviderError.
    """

    def __init__(
        self, registered: Registration, outbound: Outbound, clock: Callable[[], int]
    ) -> None:
        """`outbound` may ask the provider's own origin, and no other that is not public."""
        self.registered = registered
        self._outbound = outbound
        self._clock = clock
        self._lock = Lock()
        self._endpoints: Endpoints | None = None
        self._keys: tuple[Mapping[str, Any], ...] = ()
        self._until = self._fetched = -_AGAIN_AFTER
        self._paused = 0

    def endpoints(self) -> Endpoints:
        """Give where to ask, fetched once.

        https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderConfigurationValidation
        """
        with self._lock:
            if self._endpoints is None:
                self._endpoints = self._discovered()
            return self._endpoints

    def key(self, header: Mapping[str, Any]) -> Key:
        """Give the one key an ID token with this header is signed with.

        An unknown `kid` has the keys fetched again, at most once a minute.
        """
        address = self.endpoints().jwks
        with self._lock:
            now = self._clock()
            if now >= self._until:
                self._fetch_keys(address, now)
            found = self._signing(header)
            if not found and now >= self._fetched + _AGAIN_AFTER:
                self._fetch_keys(address, now)
                found = self._signing(header)
        if len(found) != 1:
            raise ProviderError("no key, or more than one, for the kid of its ID token")
        try:
            return jwks.public(found[0])
        except ValueError:
            raise ProviderError("a key that is no public RSA or EC key of today") from None

    def redeem(self, code: str, verifier: str) -> dict[str, Any]:
        """Give the token answer for a code.

        https://openid.net/specs/openid-connect-core-1_0.html#TokenRequest
        """
        ours, address = self.registered, self.endpoints().token
        form = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", ours.redirect_uri),
            ("code_verifier", verifier),
        ]
        headers = {"Accept": "application/json"}
        if ours.key is not None:
            form += [("client_id", ours.client_id), ("client_assertion_type", _ASSERTION)]
            form.append(("client_assertion", self._assertion(ours.key, address)))
        else:
            name = f"{quote(ours.client_id, safe='')}:{quote(ours.secret, safe='')}"
            headers["Authorization"] = "Basic " + base64.b64encode(name.encode()).decode()
        return self._object(address, form=form, headers=headers)

    def _assertion(self, key: RSAKey | ECKey, address: str) -> str:
        """Give what proves who we are: https://www.rfc-editor.org/rfc/rfc7523#section-2.2."""
        now, name = self._clock(), self.registered.client_id
        claims: dict[str, Any] = {"iss": name, "sub": name, "aud": address, "iat": now}
        claims |= {"jti": secrets.token_urlsafe(18), "exp": now + _ASSERTION_SECONDS}
        algorithm = "RS256" if isinstance(key, RSAKey) else "ES256"
        header = {"alg": algorithm, "kid": key.thumbprint(), "typ": "JWT"}
        return jwt.encode(header, claims, key, algorithms=[algorithm])

    def _discovered(self) -> Endpoints:
        issuer = self.registered.issuer
        told = self._object(f"{issuer.removesuffix('/')}/.well-known/openid-configuration")
        if told.get("issuer") != issuer:
            raise ProviderError("it says it is another issuer than the settings name")
        names = ("authorization_endpoint", "token_endpoint", "jwks_uri")
        addresses = [str(told.get(name)) for name in names]
        if not all(map(self._outbound.may, addresses)):
            raise ProviderError("an endpoint is missing, or where it is not asked: https, port 443")
        says = told.get("authorization_response_iss_parameter_supported") is True
        return Endpoints(addresses[0], addresses[1], addresses[2], says)

    def _fetch_keys(self, address: str, now: int) -> None:
        answer = self._answer(address)
        keys = _object(answer).get("keys")
        rows = [one for one in keys if isinstance(one, dict)] if isinstance(keys, list) else []
        self._keys = tuple(rows[: jwks.MOST_KEYS])
        self._fetched, self._until = now, now + jwks.lifetime(answer.headers)

    def _signing(self, header: Mapping[str, Any]) -> list[Mapping[str, Any]]:
        """Give the keys that fit: of this kid, or the only one where the token names none."""
        kind, curve = ALGORITHMS[header["alg"]]
        kid = header.get("kid")
        return [
            one
            for one in self._keys
            if one.get("kty") == kind
            and (not curve or one.get("crv") == curve)
            and (kid is None or one.get("kid") == kid)
            and one.get("use", "sig") == "sig"
            and one.get("alg", header["alg"]) == header["alg"]
        ]

    def _object(self, address: str, **given: Any) -> dict[str, Any]:
        return _object(self._answer(address, **given))

    def _answer(self, address: str, **given: Any) -> Fetched:
        if self._clock() < self._paused:
            raise ProviderError("it did not answer a moment ago")
        try:
            answer = self._outbound.get(address, **given)
        except NotFetched as error:
            # Threads that wait for a silent provider would be missed elsewhere.
            self._paused = self._clock() + _PAUSE
            raise ProviderError(f"it was asked and nothing usable came: {error}") from None
        if answer.status != _OK:
            raise ProviderError(f"it answered with status {answer.status}")
        return answer


def _object(answer: Fetched) -> dict[str, Any]:
    try:
        return json.parse_object(answer.body)
    except Invalid:
        raise ProviderError("it answered with what is no JSON object") from None


def private_key(pem: str) -> RSAKey | ECKey:
    """Give our key from a PEM file; ValueError unless it is a private RSA or P-256 key."""
    for kind in ("RSA", "EC"):
        try:
            key = import_key(pem, kind)
        except (ValueError, JoseError):
            continue
        fits = isinstance(key, RSAKey) or (isinstance(key, ECKey) and key.curve_name == "P-256")
        if fits and key.is_private:
            return key
    raise ValueError("The key file has no private RSA or P-256 key in PEM form.")
