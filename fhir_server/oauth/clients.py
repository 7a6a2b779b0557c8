"""Clients: the apps and systems that may ask, as they are registered.

https://www.rfc-editor.org/rfc/rfc6749#section-2
"""

import hmac
import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from hashlib import sha256
from typing import Any, Literal

from fhir_server.oauth import names
from fhir_server.oauth.server import OAuth
from fhir_server.store.records import Record

Kind = Literal["public", "symmetric", "asymmetric"]
Status = Literal["pending", "active", "rejected", "suspended"]

_LONGEST_ID = 128
_ID = re.compile(r"[A-Za-z0-9._~-]{1,128}")
# An Organization's id, a facility's code, a label of v3-ActCode.
_ORGANISATION, _FACILITY, _LABEL = r"[A-Za-z0-9.-]{1,64}", "[0-9A-Za-z]{1,16}", "[A-Z][A-Z0-9_-]*"


class ClientError(ValueError):
    """What cannot be done with a client; the text says why."""


@dataclass(frozen=True, slots=True)
class Client:
    """One registered client; only an `active` one gets anything.

    `kind` says how it proves itself: not at all, by a secret, by a key. `scopes` is the most it may
    ever be granted. `secret` and `registration` are hashes. `organisation` (id of an Organization),
    `facilities` (codes MACSKCB) and `clearance` (sensitivity labels) are the operator's to give,
    never the registrant's. `dpop`: every token of it is bound to a key. `name_key` is what a
    look-alike shares; `version` counts what the client changed of itself.
    """

    id: str
    name: str
    kind: Kind
    grant_types: tuple[str, ...] = ("authorization_code",)
    redirect_uris: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()
    secret: str = field(default="", repr=False)
    jwks: Mapping[str, Any] | None = None
    jwks_uri: str = ""
    launch_url: str = ""
    contacts: tuple[str, ...] = ()
    dpop: bool = False
    organisation: str = ""
    facilities: tuple[str, ...] = ()
    clearance: tuple[str, ...] = ()
    status: Status = "pending"
    registration: str = field(default="", repr=False)
    created: int = 0
    note: str = ""
    name_key: str = ""
    version: int = 0

    @property
    def confidential(self) -> bool:
        """Say whether it proves that it is itself."""
        return self.kind != "public"


_TUPLES = tuple(one.name for one in fields(Client) if str(one.type).startswith("tuple"))
_NAMES = frozenset(one.name for one in fields(Client)) - {"id"}


def client_of(record: Record) -> Client:
    """Give the client a record tells of."""
    told = {name: value for name, value in record.items() if name in _NAMES}
    told |= {name: tuple(told[name]) for name in _TUPLES if name in told}
    return Client(id=record["_id"], **told)


def record_of(client: Client) -> Record:
    """Give the record that tells of a client."""
    told = asdict(client)
    told |= {name: list(told[name]) for name in _TUPLES}
    return {"_id": told.pop("id"), **told, "name_key": names.key(client.name)}


def get(oauth: OAuth, id_: str) -> Client | None:
    """Give a client of any status."""
    found = oauth.records.get("clients", id_) if 0 < len(id_) <= _LONGEST_ID else None
    return client_of(found) if found else None


def active(oauth: OAuth, id_: str) -> Client | None:
    """Give a client that may ask."""
    found = get(oauth, id_)
    return found if found and found.status == "active" else None


def listed(oauth: OAuth, status: str = "") -> list[Client]:
    """Give the clients, or those of one status."""
    where = {"status": status} if status else {}
    return [client_of(one) for one in oauth.records.find("clients", where)]


def add(oauth: OAuth, client: Client) -> tuple[Client, str]:
    """Keep a new client under an id of its own; give it, and its secret where it has one.

    The secret is told this once and kept as a hash. ClientError where the name is another's.
    """
    unlike(oauth, client.name)
    secret = new_secret() if client.kind == "symmetric" else ""
    added = replace(
        client,
        id=client.id or secrets.token_hex(16),
        secret=hashed(secret) if secret else "",
        created=oauth.clock(),
    )
    if not oauth.records.insert("clients", record_of(added)):
        raise ClientError(f"There is a client {added.id} already.")
    return added, secret


def named(id_: str) -> str:
    """Give an id an operator chose; ClientError for one that needs quoting somewhere."""
    if id_ and not _ID.fullmatch(id_):
        raise ClientError("A client's id has 1 to 128 letters, digits, dots, dashes, _ and ~.")
    return id_


def given(
    client: Client,
    organisation: str,
    facilities: Iterable[str] | None,
    clearance: Iterable[str] | None,
) -> Client:
    """Give a client with what the operator names of the rest as it was; ClientError."""
    told = (organisation and (organisation,), facilities, clearance)
    for values, pattern in zip(told, (_ORGANISATION, _FACILITY, _LABEL), strict=True):
        for one in values or ():
            if not re.fullmatch(pattern, one):
                raise ClientError(f"{one!a} is no id of an Organization, facility code or label.")
    return replace(
        client,
        organisation=organisation or client.organisation,
        facilities=tuple(facilities or client.facilities),
        clearance=tuple(clearance or client.clearance),
    )


def rotate_secret(oauth: OAuth, id_: str) -> str:
    """Give a client a new secret, told this once; the one before ends with it."""
    if known(oauth, id_).kind != "symmetric":
        raise ClientError("Only a client that authenticates by a secret has one to rotate.")
    secret = new_secret()
    oauth.records.change("clients", {"_id": id_}, {"secret": hashed(secret)})
    return secret


def update(oauth: OAuth, client: Client, before: int) -> bool:
    """Keep what a client is now; False where it is not of the version before any more."""
    record = record_of(client)
    where = {"_id": record.pop("_id"), "version": before}
    return oauth.records.change("clients", where, record) is not None


def known(oauth: OAuth, id_: str) -> Client:
    """Give a client; ClientError where there is none."""
    found = get(oauth, id_)
    if found is None:
        raise ClientError("There is no client of this id; see `fhir-server clients list`.")
    return found


def unlike(oauth: OAuth, name: str, but: str = "") -> None:
    """Raise ClientError where people could take a name for that of an active client."""
    where = {"name_key": names.key(name), "status": "active"}
    if any(one["_id"] != but for one in oauth.records.find("clients", where)):
        raise ClientError("client_name looks like that of another client; take one of your own.")


def hashed(secret: str) -> str:
    """Give what a secret is kept as: it is 256 random bits, so that a fast hash tells nothing.

    A slow one, as passwords need, would cost every token request a tenth of a second.
    """
    return sha256(secret.encode()).hexdigest()


def holds(kept: str, secret: str) -> bool:
    """Say whether a secret is the one that is kept, in the same time whatever it is."""
    return hmac.compare_digest(kept, hashed(secret))


def new_secret() -> str:
    """Give a secret of 256 bits."""
    return secrets.token_urlsafe(32)


def told(client: Client) -> dict[str, Any]:
    """Give a client in the words of registration, without what only the operator sees.

    https://www.rfc-editor.org/rfc/rfc7591#section-2
    """
    methods = {
        "public": "none",
        "symmetric": "client_secret_basic",
        "asymmetric": "private_key_jwt",
    }
    found = {
        "client_id": client.id,
        "client_id_issued_at": client.created,
        "client_name": client.name,
        "token_endpoint_auth_method": methods[client.kind],
        "grant_types": list(client.grant_types),
        "response_types": ["code"] if "authorization_code" in client.grant_types else [],
        "redirect_uris": list(client.redirect_uris),
        "scope": " ".join(client.scopes),
        "jwks": client.jwks,
        "jwks_uri": client.jwks_uri,
        "initiate_login_uri": client.launch_url,
        "contacts": list(client.contacts),
        "dpop_bound_access_tokens": client.dpop,
    }
    return {name: value for name, value in found.items() if value not in (None, "", [])}
