"""Access tokens: opaque, kept by their digest; made here, and read on every FHIR request.

https://www.rfc-editor.org/rfc/rfc6750
"""

import asyncio
import re
import secrets
import time
from collections.abc import Callable, Sequence
from functools import partial
from hashlib import sha256

from authlib.oauth2 import OAuth2Error

from fhir_server.access.caller import Caller
from fhir_server.base import Asked, Authenticate
from fhir_server.fhir.errors import Unauthorized
from fhir_server.oauth import clients, dpop
from fhir_server.oauth.grants import ACCESS_SECONDS
from fhir_server.oauth.server import OAuth
from fhir_server.store.fresh import Fresh
from fhir_server.store.records import Record

# How long a token that was good is not looked up again; revocation is effective as late as this.
CACHE_SECONDS = 0.5
_TOKEN = re.compile(r"[A-Za-z0-9._~+/-]{16,512}=*")


def digest(secret: str) -> str:
    """Give what a token or a code is kept under: nobody who reads the records can use it."""
    return sha256(secret.encode()).hexdigest()


def issue(
    oauth: OAuth,
    grant: Record,
    scopes: Sequence[str],
    *,
    seconds: int = ACCESS_SECONDS,
    jkt: str = "",
) -> tuple[str, Record]:
    """Make an access token under a grant; give it and its record. `jkt`: the key it is bound to."""
    token, now = secrets.token_urlsafe(32), oauth.clock()
    same = ("client", "user", "session", "fhir_user", "patient", "encounter")
    lists = ("organisations", "facilities")
    record: Record = {
        "_id": digest(token),
        "grant": grant["_id"],
        **{name: grant[name] for name in (*same, *lists)},
        "scopes": list(scopes),
        "clearance": sorted(set(grant["labels"]) & set(grant["clearance"])),
        "created": now,
        "expires": min(now + seconds, grant["expires"]),
        "revoked": False,
        "jkt": jkt,
    }
    oauth.records.insert("tokens", record)
    # A grant or client that ended meanwhile did not end this token: see grants.end.
    held = oauth.records.one("grants", {"_id": grant["_id"], "revoked": False})
    if held is None or clients.active(oauth, grant["client"]) is None:
        oauth.records.change("tokens", {"_id": record["_id"]}, {"revoked": True})
    return token, record


def caller(record: Record) -> Caller:
    """Give who asks with a token of this record."""
    return Caller(
        name=f"{record['client']}/{record['user']}",
        client=record["client"],
        token=record["_id"],
        grant=record["grant"],
        user=record["fhir_user"],
        scopes=tuple(record["scopes"]),
        patient=record["patient"],
        encounter=record["encounter"],
        organisations=tuple(record["organisations"]),
        facilities=frozenset(record["facilities"]),
        clearance=frozenset(record["clearance"]),
        expires=record["expires"],
    )


def authentication(oauth: OAuth, monotonic: Callable[[], float] = time.monotonic) -> Authenticate:
    """Give what tells who asks a FHIR base; `monotonic` gives seconds."""
    seen = Fresh(CACHE_SECONDS, monotonic)

    async def looked_up(id_: str) -> tuple[Record, Caller] | None:
        record = await oauth.reading.get("tokens", id_)
        return None if record is None else (record, caller(record))

    async def authenticate(asked: Asked) -> Caller:
        scheme, _, token = asked.authorization.partition(" ")
        if not asked.authorization:
            raise _refused("Bearer", "", "Say who asks: Authorization: Bearer and an access token.")
        if scheme.lower() not in ("bearer", "dpop") or not _TOKEN.fullmatch(token):
            raise _refused("Bearer", "invalid_token", "The access token cannot be read.")
        id_ = digest(token)
        found: tuple[Record, Caller] | None = seen.known(id_)
        found = found or await seen.get(id_, partial(looked_up, id_))
        if found is None or found[0]["revoked"] or found[0]["expires"] <= oauth.clock():
            late = _refused("Bearer", "invalid_token", "The access token is not good, or no more.")
            # Whose it was is noted in the audit.
            late.client = found[1].client if found else ""
            raise late
        record, who = found
        if record["jkt"] or scheme.lower() == "dpop":
            await asyncio.to_thread(_proven, oauth, asked, token, record["jkt"])
        return who

    return authenticate


def _proven(oauth: OAuth, asked: Asked, token: str, jkt: str) -> None:
    """Raise Unauthorized unless the request proves it has the key the token is bound to.

    https://www.rfc-editor.org/rfc/rfc9449#section-7.1
    """
    scheme = asked.authorization.partition(" ")[0].lower()
    if not jkt or scheme != "dpop" or not asked.dpop:
        raise _refused("DPoP", "invalid_token", "The access token and its scheme do not match.")
    try:
        proven = dpop.checked(oauth, asked.dpop, asked.method, asked.url, token)
    except OAuth2Error as error:
        raise _refused("DPoP", "invalid_dpop_proof", "The DPoP proof is not good.") from error
    if proven != jkt:
        raise _refused("DPoP", "invalid_token", "The DPoP proof is of another key.")


def bearer(oauth: OAuth, authorization: str, scope: str) -> Record:
    """Give the record of a Bearer token that has this scope; raise OAuth2Error.

    For the endpoints of the authorization server that are asked with a token.
    """
    scheme, _, token = authorization.partition(" ")
    record = oauth.records.get("tokens", digest(token))
    good = record and not record["revoked"] and record["expires"] > oauth.clock()
    if scheme.lower() != "bearer" or record is None or not good or record["jkt"]:
        raise OAuth2Error("A good Bearer token is needed.", error="invalid_token", status_code=401)
    if scope not in record["scopes"]:
        raise OAuth2Error(
            f"The token has no scope {scope}.", error="insufficient_scope", status_code=403
        )
    return record


def _refused(scheme: str, error: str, told: str) -> Unauthorized:
    """https://www.rfc-editor.org/rfc/rfc6750#section-3 ."""
    challenge = f'{scheme} error="{error}"' if error else f'{scheme} realm="fhir"'
    return Unauthorized(told, headers=[("WWW-Authenticate", challenge)])
