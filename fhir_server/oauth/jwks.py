"""Keys of clients: the ones registered, or fetched from where they are registered.

https://hl7.org/fhir/smart-app-launch/client-confidential-asymmetric.html#registering-a-client-communicating-public-keys
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, Key, RSAKey, import_key

from fhir_server.fhir import json
from fhir_server.fhir.errors import Invalid
from fhir_server.oauth.clients import Client
from fhir_server.oauth.server import OAuth
from fhir_server.outbound.client import NotFetched

MOST_KEYS = 20
# How long a set is kept at most, and where the client's server does not say.
LONGEST, UNSAID = 600, 300
# So seldom an unknown kid has the set fetched again, so often a client's set is fetched at all.
AGAIN_AFTER, FETCHES_A_MINUTE = 60, 10
_RSA_BITS, _RSA_EXPONENTS = range(2048, 4097), range(3, 1 << 32, 2)
# The members of a public key; https://www.rfc-editor.org/rfc/rfc7518#section-6
_MEMBERS = {"RSA": ("n", "e"), "EC": ("crv", "x", "y")}
_PRIVATE = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
_LONGEST_KID = 128

JWK = Mapping[str, Any]


def public(jwk: object) -> Key:
    """Give a public RSA or EC key; ValueError for any other, and for what is too small or large.

    The key has no members but its own: not what it says of its use.
    """
    if not isinstance(jwk, dict) or jwk.get("kty") not in tuple(_MEMBERS):
        raise ValueError("A key is a JWK with kty RSA or EC.")
    if _PRIVATE & set(jwk):
        raise ValueError("The key is a private one, and now known to others: make a new one.")
    names = ("kty", *_MEMBERS[jwk["kty"]])
    members = {name: jwk[name] for name in names if isinstance(jwk.get(name), str)}
    if len(members) != len(names):
        raise ValueError("A key has the members its kty asks for, as text.")
    try:
        key = import_key(members)
        strong = isinstance(key, ECKey) or (isinstance(key, RSAKey) and _is_strong(key))
    except (JoseError, ValueError, TypeError, LookupError, OverflowError):
        strong = False
    if not strong:
        raise ValueError("The key cannot be used: RSA of 2048 to 4096 bits, or EC.")
    return key


def _is_strong(key: RSAKey) -> bool:
    numbers = key.public_key.public_numbers()
    return numbers.n.bit_length() in _RSA_BITS and numbers.e in _RSA_EXPONENTS


def registered(jwks: object) -> dict[str, list[dict[str, Any]]]:
    """Give a JWK Set as it is kept: public keys for RS384 or ES384, each with a kid of its own.

    ValueError says what is wrong with it.
    """
    keys = jwks.get("keys") if isinstance(jwks, dict) else None
    if not isinstance(keys, list) or not 0 < len(keys) <= MOST_KEYS:
        raise ValueError(f"jwks is a JWK Set of 1 to {MOST_KEYS} keys.")
    kept = [_kept(one) for one in keys]
    if len({(one["kid"], one["kty"]) for one in kept}) != len(kept):
        raise ValueError("Two keys of jwks have the same kid.")
    return {"keys": kept}


def _kept(jwk: Any) -> dict[str, Any]:
    public(jwk)
    kid = jwk.get("kid")
    if not isinstance(kid, str) or not re.fullmatch(rf"[!-~]{{1,{_LONGEST_KID}}}", kid):
        raise ValueError("Each key of jwks has a kid of 1 to 128 visible characters.")
    if not _signs(jwk):
        raise ValueError("Keys are for signatures with RS384, or with ES384 on curve P-384.")
    names = ("kty", "kid", "use", "alg", *_MEMBERS[jwk["kty"]])
    return {name: jwk[name] for name in names if name in jwk}


def _signs(jwk: JWK) -> bool:
    alg = {"RSA": "RS384", "EC": "ES384"}[jwk["kty"]]
    curve = jwk["kty"] == "RSA" or jwk.get("crv") == "P-384"
    return curve and jwk.get("alg", alg) == alg and jwk.get("use", "sig") == "sig"


def key(oauth: OAuth, client: Client, kid: str, kty: str) -> Key | None:
    """Give the one key of a client with this kid and kty; None for none, or more than one.

    https://hl7.org/fhir/smart-app-launch/client-confidential-asymmetric.html#signature-verification
    """
    if client.jwks is not None:
        return _one(client.jwks.get("keys"), kid, kty)
    if not client.jwks_uri:
        return None
    now = oauth.clock()
    cached = oauth.records.get("jwks_cache", client.id)
    if cached and cached["uri"] == client.jwks_uri and cached["until"] > now:
        found = _one(cached["keys"], kid, kty)
        if found or cached["fetched"] + AGAIN_AFTER > now:
            return found
    return _one(_fetched(oauth, client, now), kid, kty)


def _one(keys: Any, kid: str, kty: str) -> Key | None:
    rows: Sequence[Any] = keys if isinstance(keys, list) else ()
    found = [
        one
        for one in rows
        if isinstance(one, dict) and one.get("kid") == kid and one.get("kty") == kty
    ]
    if len(found) != 1 or not _signs(found[0]):
        return None
    try:
        return public(found[0])
    except ValueError:
        return None


def _fetched(oauth: OAuth, client: Client, now: int) -> list[dict[str, Any]]:
    """Fetch the set of a client and keep it as long as its server says; empty where none comes."""
    counted = f"jwks {client.id} {now // 60}"
    if oauth.records.count_up("attempts", counted, now + 120) > FETCHES_A_MINUTE:
        return []
    try:
        answer = oauth.outbound.get(client.jwks_uri, headers={"Accept": "application/json"})
        keys = json.parse_object(answer.body).get("keys")
    except (NotFetched, Invalid):
        return []
    if answer.status != 200 or not isinstance(keys, list):  # noqa: PLR2004 - HTTP's OK
        return []
    kept = [_bare(one) for one in keys[:MOST_KEYS] if isinstance(one, dict)]
    seconds = lifetime(answer.headers)
    record = {"uri": client.jwks_uri, "keys": kept, "fetched": now, "until": now + seconds}
    record["expires"] = now + LONGEST
    if not oauth.records.change("jwks_cache", {"_id": client.id}, record):
        oauth.records.insert("jwks_cache", {"_id": client.id, **record})
    return kept


def _bare(jwk: JWK) -> dict[str, Any]:
    """Give of a key what is looked at: its other members may have any name and size."""
    names = ("kty", "kid", "use", "alg", "n", "e", "crv", "x", "y", *_PRIVATE)
    return {name: jwk[name] for name in names if isinstance(jwk.get(name), str)}


def lifetime(headers: Mapping[str, str]) -> int:
    """Give for how many seconds an answer may be kept.

    https://www.rfc-editor.org/rfc/rfc9111#section-5.2.2
    """
    said = [one.strip().lower() for one in headers.get("cache-control", "").split(",")]
    if any(one.partition("=")[0] in {"no-store", "no-cache"} for one in said):
        return 0
    ages = [one.partition("=")[2].strip('"') for one in said if one.startswith("max-age=")]
    if not ages:
        return UNSAID
    numbers = [int(one) if re.fullmatch("[0-9]{1,9}", one) else 0 for one in ages]
    age = headers.get("age", "0")
    return max(0, min(*numbers, LONGEST) - (int(age) if re.fullmatch("[0-9]{1,9}", age) else 0))
