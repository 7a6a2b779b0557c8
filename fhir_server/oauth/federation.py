"""Signing in at an identity provider others run: there with a question, back with a person.

Authorization code with PKCE, state, nonce, and the issuer told exactly.
https://openid.net/specs/openid-connect-core-1_0.html
https://www.rfc-editor.org/rfc/rfc9700
"""

import base64
import hashlib
import hmac
import logging
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal
from urllib.parse import urlencode

from fhir_server.oauth import jws, users
from fhir_server.oauth.provider import ALGORITHMS, Provider, ProviderError
from fhir_server.oauth.server import OAuth
from fhir_server.oauth.users import User
from fhir_server.store.records import Record

KIND = "federations"
# How long somebody may take at the provider; how far its clock may be off.
PATIENCE, LEEWAY = 600, 30
_NUMBER = re.compile(r"[0-9A-Za-z]{6,32}")
_LONGEST_SUB = 255
# No operator gives such a name.
_MADE_HERE = "citizen-"

# `old`: begun too long ago, elsewhere, or finished already. `denied`: no was said there.
# `provider`: it does not answer, or not well. `level`: it is not sure enough. `changed`: another
# person there has this number. `unknown`: not exactly one Patient has it. `disabled`: the user is.
Why = Literal["old", "denied", "provider", "level", "changed", "unknown", "disabled"]

_log = logging.getLogger("fhir_server")


class NotSignedIn(Exception):
    """Nobody is signed in; `why` is what the person is told."""

    def __init__(self, why: Why, detail: str = "") -> None:
        """`detail` is for the operator's log and has nothing of the person."""
        super().__init__(detail or why)
        self.why: Why = why
        _log.warning("federation", {"refused": why, "detail": detail})


@dataclass(frozen=True, slots=True)
class Person:
    """Who the provider says is there; `number` is the citizen number, never kept or logged.

    `request` is what the sign-in was begun for.
    """

    name: str
    number: str
    acr: str
    auth_time: int
    request: str


def begin(oauth: OAuth, provider: Provider, request: str, browser: str) -> str:
    """Give the address at the provider to send a browser to.

    `browser` is a word only this browser has, such as a cookie's: who comes back must have it too.
    Raises NotSignedIn (provider).
    """
    ours = provider.registered
    try:
        address = provider.endpoints().authorization
    except ProviderError as error:
        raise NotSignedIn("provider", str(error)) from None
    state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
    kept: Record = {
        "_id": _hash(state),
        "browser": _hash(browser),
        "nonce": nonce,
        "verifier": verifier,
        "request": request,
        "used": False,
        "expires": oauth.clock() + PATIENCE,
    }
    oauth.records.insert(KIND, kept)
    asked = {
        "response_type": "code",
        "client_id": ours.client_id,
        "redirect_uri": ours.redirect_uri,
        "scope": " ".join(ours.scopes),
        "state": state,
        "nonce": nonce,
        "code_challenge": _half(hashlib.sha256(verifier.encode()).digest()),
        "code_challenge_method": "S256",
        "acr_values": " ".join(ours.acr),
    }
    if ours.max_age:
        asked["max_age"] = str(ours.max_age)
    return f"{address}{'&' if '?' in address else '?'}{urlencode(asked)}"


def finish(oauth: OAuth, provider: Provider, parameters: Mapping[str, str], browser: str) -> Person:
    """Give the person the provider's answer is about; each answer counts once.

    `parameters` are those of the address the browser came back to, none twice. Raises NotSignedIn.
    """
    begun = _begun(oauth, parameters.get("state", ""), browser)
    try:
        code = _code(provider, parameters)
        answer = provider.redeem(code, begun["verifier"])
        claims = _claims(provider, answer, begun["nonce"], oauth.clock())
    except ProviderError as error:
        raise NotSignedIn("provider", str(error)) from None
    ours = provider.registered
    if claims.get("acr") not in ours.acr:
        raise NotSignedIn("level")
    number = claims.get(ours.claim)
    if not isinstance(number, str) or not _NUMBER.fullmatch(number):
        raise NotSignedIn("provider", "its ID token has no citizen number in the claim to look at")
    name = _hash(f"{ours.issuer} {claims['sub']}")
    when = claims.get("auth_time", claims["iat"])
    return Person(name, number, claims["acr"], when, begun["request"])


def user_of(oauth: OAuth, provider: Provider, person: Person, patient: str | None) -> User:
    """Give the user a person is: found by citizen number only, made at the first sign-in.

    `patient` is the id of the one Patient with this number, None for none or several. A user made
    here is that Patient; one an operator added stays who he is. Raises NotSignedIn.
    """
    citizen = users.citizen_hash(oauth.records, person.number, provider.registered.citizen_key)
    # In this order: who is made in between is found.
    bound = users.listed(oauth.records, federated=person.name)
    found = users.listed(oauth.records, citizen=citizen)
    if len(found) > 1 or [one for one in bound if one not in found]:
        raise NotSignedIn("changed")
    user = found[0] if found else _added(oauth, citizen, person.name, patient)
    if user.disabled:
        raise NotSignedIn("disabled")
    bind = {"_id": user.username, "federated": user.federated}
    if user.federated not in ("", person.name):
        raise NotSignedIn("changed")
    if not user.federated and not oauth.records.change(
        users.KIND, bind, {"federated": person.name}
    ):
        raise NotSignedIn("changed")
    return _as_patient(oauth, user, patient)


def _added(oauth: OAuth, citizen: str, name: str, patient: str | None) -> User:
    if patient is None:
        raise NotSignedIn("unknown")
    # The name comes of the number: of two first sign-ins at once one user is made.
    new = User(
        f"{_MADE_HERE}{citizen[:40]}",
        citizen=citizen,
        federated=name,
        fhir_user=f"Patient/{patient}",
    )
    try:
        return users.add(oauth.records, new)
    except ValueError:
        return users.get(oauth.records, new.username) or new


def _as_patient(oauth: OAuth, user: User, patient: str | None) -> User:
    """Give a user made here as the Patient he is today: records are merged and corrected."""
    if not user.username.startswith(_MADE_HERE):
        return user
    if patient is None:
        raise NotSignedIn("unknown")
    fhir_user = f"Patient/{patient}"
    oauth.records.change(users.KIND, {"_id": user.username}, {"fhir_user": fhir_user})
    return replace(user, fhir_user=fhir_user)


def _begun(oauth: OAuth, state: str, browser: str) -> Record:
    """Give what was kept for an answer, once; NotSignedIn (old) for any other browser."""
    where = {"_id": _hash(state), "browser": _hash(browser), "used": False}
    row = oauth.records.change(KIND, where, {"used": True})
    if row is None or row["expires"] <= oauth.clock():
        raise NotSignedIn("old")
    return row


def _code(provider: Provider, parameters: Mapping[str, str]) -> str:
    """Give the code of an answer, if it is from the issuer asked; ProviderError for another's.

    Where the provider names itself in its answers, one without a name is nobody's.
    https://www.rfc-editor.org/rfc/rfc9207#section-2.4
    """
    issuer, wanted = parameters.get("iss"), provider.registered.issuer
    if issuer != wanted and (issuer is not None or provider.endpoints().names_itself):
        raise ProviderError("its answer is of another issuer")
    if parameters.get("error") == "access_denied":
        raise NotSignedIn("denied")
    if "error" in parameters or not parameters.get("code"):
        raise ProviderError("its answer has an error, or no code")
    return parameters["code"]


def _claims(provider: Provider, answer: Mapping[str, Any], nonce: str, now: int) -> dict[str, Any]:
    """Give the claims of the ID token in a token answer; ProviderError says which does not hold.

    https://openid.net/specs/openid-connect-core-1_0.html#IDTokenValidation
    """
    text = answer.get("id_token")
    if not isinstance(text, str):
        raise ProviderError("its token answer has no ID token")
    try:
        token = jws.read(text, ALGORITHMS, "JWT", stated=False)
        jws.verified(token, provider.key(token.header))
        claims = dict(token.claims)
        _timely(claims, provider.registered.max_age, now)
    except ValueError as error:
        raise ProviderError(f"its ID token: {error}") from None
    ours = provider.registered.client_id
    holds = {
        "iss": claims.get("iss") == provider.registered.issuer,
        "aud": claims.get("aud") in (ours, [ours]),
        "azp": claims.get("azp", ours) == ours,
        "nonce": _same(claims.get("nonce"), nonce),
        "sub": isinstance(claims.get("sub"), str) and 0 < len(claims["sub"]) <= _LONGEST_SUB,
        "at_hash": "at_hash" not in claims or _of(claims["at_hash"], answer.get("access_token")),
    }
    wrong = [name for name, held in holds.items() if not held]
    if wrong:
        raise ProviderError(f"its ID token: {', '.join(wrong)}")
    return claims


def _timely(claims: Mapping[str, Any], max_age: int, now: int) -> None:
    """Raise ValueError for a token of another time, or a sign-in longer ago than was asked for."""
    if jws.seconds(claims, "exp") <= now - LEEWAY:
        raise ValueError("exp is past")
    if not now - PATIENCE <= jws.seconds(claims, "iat") <= now + LEEWAY:
        raise ValueError("iat is not now")
    if "nbf" in claims and jws.seconds(claims, "nbf") > now + LEEWAY:
        raise ValueError("nbf is to come")
    if max_age or "auth_time" in claims:
        when = jws.seconds(claims, "auth_time")
        if when > now + LEEWAY or (max_age and when < now - max_age - PATIENCE):
            raise ValueError("auth_time is not what was asked for")


def _of(kept: Any, access_token: Any) -> bool:
    """Whether a hash is the access token's; all our algorithms hash with SHA-256.

    https://openid.net/specs/openid-connect-core-1_0.html#CodeIDToken
    """
    if not isinstance(access_token, str) or not access_token.isascii():
        return False
    return _same(kept, _half(hashlib.sha256(access_token.encode()).digest()[:16]))


def _same(sent: Any, wanted: str) -> bool:
    return isinstance(sent, str) and hmac.compare_digest(
        sent.encode(errors="replace"), wanted.encode()
    )


def _half(digest: bytes) -> str:
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()
