"""Registered clients, as the authorization server reads them."""

from dataclasses import dataclass

from fhir_server.oauth.server import OAuth
from fhir_server.store.records import Record


@dataclass(frozen=True, slots=True)
class Client:
    """A client's registration; `kind` is public, symmetric or asymmetric."""

    id: str
    name: str
    kind: str
    status: str
    redirect_uris: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()
    grant_types: tuple[str, ...] = ()
    launch_url: str = ""
    facilities: frozenset[str] = frozenset()
    clearance: frozenset[str] = frozenset()
    dpop: bool = False


def active(oauth: OAuth, id_: str) -> Client | None:
    """Give the client of this id that may be used."""
    row = oauth.records.get("clients", id_)
    return _read(row) if row and row["status"] == "active" else None


def _read(row: Record) -> Client:
    return Client(
        id=row["_id"],
        name=row["name"],
        kind=row["kind"],
        status=row["status"],
        redirect_uris=tuple(row.get("redirect_uris", ())),
        scopes=tuple(row.get("scopes", ())),
        grant_types=tuple(row.get("grant_types", ())),
        launch_url=row.get("launch_url", ""),
        facilities=frozenset(row.get("facilities", ())),
        clearance=frozenset(row.get("clearance", ())),
        dpop=row.get("dpop", False),
    )
