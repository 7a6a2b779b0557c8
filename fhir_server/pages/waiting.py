"""The app's request behind a page: whether it waits still, and takes this sign-in.

https://openid.net/specs/openid-connect-core-1_0.html#AuthRequest
"""

import asyncio

from fhir_server.oauth import authorize
from fhir_server.oauth.authorize import Pending
from fhir_server.oauth.sessions import Session
from fhir_server.pages.refusals import Refused
from fhir_server.pages.visit import Visit

_ANEW = {"login", "select_account"}


async def waiting(visit: Visit, id_: str) -> Pending:
    """Give the app's request; Refused once it is answered, too old, or was never made."""
    found = await asyncio.to_thread(authorize.pending, visit.site.oauth, id_) if id_ else None
    if found is None:
        raise Refused(410, "refused.request")
    return found


def fresh(request: Pending, session: Session, now: int) -> bool:
    """Whether the app takes this sign-in: it may ask for a new one, or for one not too old."""
    if _ANEW & set(request.prompt) and session.auth_time < request.asked:
        return False
    return request.max_age is None or now - session.auth_time <= request.max_age
