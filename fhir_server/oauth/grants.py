"""Grants: what a user, or a registration, allows a client, and the family of tokens under it."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from fhir_server.oauth.clients import Client
from fhir_server.oauth.server import OAuth
from fhir_server.store.records import Record

ACCESS_SECONDS = 15 * 60
ONLINE_SECONDS = 12 * 3600
OFFLINE_SECONDS = 90 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Grant:
    """A grant as its user is shown it; times are int seconds, `patient` an id or empty."""

    id: str
    client: str
    client_name: str
    scopes: tuple[str, ...]
    labels: tuple[str, ...]
    patient: str
    created: int
    expires: int
    offline: bool


def lifetime(scopes: Sequence[str]) -> int:
    """Give how many seconds a grant of these scopes lasts.

    https://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html#scopes-for-requesting-a-refresh-token
    """
    if "offline_access" in scopes:
        return OFFLINE_SECONDS
    return ONLINE_SECONDS if "online_access" in scopes else ACCESS_SECONDS


def new(
    oauth: OAuth, client: Client, scopes: Sequence[str], *, seconds: int, **told: Any
) -> Record:
    """Keep a new grant of `seconds`; `told` are fields of the record beyond those of the client.

    Labels the client is not cleared for clear nothing.
    """
    created = oauth.clock()
    grant: Record = {
        "_id": secrets.token_urlsafe(18),
        "client": client.id,
        "user": "",
        "fhir_user": "",
        "patient": "",
        "encounter": "",
        "context": {},
        "labels": [],
        "organisations": [],
        "session": "",
        "auth_time": 0,
        "acr": "",
        **told,
        **registered(client),
        "scopes": list(scopes),
        "created": created,
        "expires": created + seconds,
        "revoked": False,
    }
    oauth.records.insert("grants", grant)
    return grant


def registered(client: Client) -> Record:
    """Give what a grant has from the client's registration; read again at each refresh."""
    return {"facilities": sorted(client.facilities), "clearance": sorted(client.clearance)}


def of_user(oauth: OAuth, sub: str) -> list[Grant]:
    """Give the grants of a user that hold, newest first."""
    now = oauth.clock()
    rows = oauth.records.find("grants", {"user": sub, "revoked": False})
    held = [row for row in rows if row["expires"] > now]
    return [_shown(oauth, row) for row in sorted(held, key=lambda row: -int(row["created"]))]


def revoke(oauth: OAuth, id_: str, sub: str) -> bool:
    """End a grant of this user and all its tokens; False where he has no such grant."""
    if oauth.records.one("grants", {"_id": id_, "user": sub}) is None:
        return False
    end(oauth, "grant", id_)
    return True


def end(oauth: OAuth, whose: Literal["grant", "client", "user", "session"], value: str) -> None:
    """End the grants of this id, client, user or browser session, and all their tokens.

    Grants first: whoever issues a token looks at its grant afterwards.
    """
    if not value:
        raise ValueError("Of nobody there are no grants.")
    field = "_id" if whose == "grant" else whose
    oauth.records.change_all("grants", {field: value}, {"revoked": True})
    oauth.records.change_all("tokens", {whose: value}, {"revoked": True})


def _shown(oauth: OAuth, row: Record) -> Grant:
    client = oauth.records.get("clients", row["client"]) or {}
    return Grant(
        id=row["_id"],
        client=row["client"],
        client_name=str(client.get("name", "")),
        scopes=tuple(row["scopes"]),
        labels=tuple(row["labels"]),
        patient=row["patient"],
        created=row["created"],
        expires=row["expires"],
        offline="offline_access" in row["scopes"],
    )
