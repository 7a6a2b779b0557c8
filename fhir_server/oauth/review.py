"""What the operator decides of a client, and what ends with it."""

from collections.abc import Mapping
from typing import Final

from fhir_server.oauth import clients, grants
from fhir_server.oauth.clients import Client, ClientError, Status
from fhir_server.oauth.server import OAuth

# Decision → what the client may be before, and is then.
DECISIONS: Final[Mapping[str, tuple[tuple[Status, ...], Status]]] = {
    "approve": (("pending", "suspended", "rejected"), "active"),
    "reject": (("pending",), "rejected"),
    "suspend": (("active",), "suspended"),
}


def decide(
    oauth: OAuth, id_: str, decision: str, note: str = "", *, version: int | None = None
) -> Client:
    """Approve, reject or suspend; give the client as it is now, ClientError where that cannot be.

    `version` is of the client that was looked at: what it changed since is not approved unseen. A
    client that is suspended loses all it was granted.
    """
    before, after = DECISIONS[decision]
    found = clients.known(oauth, id_)
    if decision == "approve":
        clients.unlike(oauth, found.name, but=id_)
    if found.status not in before:
        raise ClientError(f"{decision}: the client is {found.status}, not {' or '.join(before)}.")
    seen = found.version if version is None else version
    where = {"_id": id_, "status": found.status, "version": seen}
    if not oauth.records.change("clients", where, {"status": after, "note": note or found.note}):
        raise ClientError("The client was changed meanwhile; look at it again.")
    if decision == "suspend":
        grants.end(oauth, "client", id_)
    return clients.known(oauth, id_)


def remove(oauth: OAuth, id_: str) -> None:
    """Delete a client, and end all it was granted."""
    oauth.records.remove("clients", {"_id": id_})
    grants.end(oauth, "client", id_)
