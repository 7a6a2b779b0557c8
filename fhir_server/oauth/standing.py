"""Whether what a caller was given still stands, asked of a job long after its request."""

from collections.abc import Awaitable, Callable

from fhir_server.access.caller import Caller
from fhir_server.oauth.server import OAuth


def standing(oauth: OAuth) -> Callable[[Caller], Awaitable[bool]]:
    """Give what says so of a caller: nothing of theirs was revoked, and the client is active.

    A token may have run out: the request was made while it was good. Raises Unavailable.
    """

    async def stands(caller: Caller) -> bool:
        if not caller.client:
            return True
        client = await oauth.reading.get("clients", caller.client)
        if client is None or client["status"] != "active":
            return False
        for kind, id_ in (("grants", caller.grant), ("tokens", caller.token)):
            record = await oauth.reading.get(kind, id_)
            if record is not None and record["revoked"]:
                return False
        return True

    return stands
