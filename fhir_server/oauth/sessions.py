"""Sessions of a browser: opaque cookies, kept by their hash, with an end that does not move.

https://www.rfc-editor.org/rfc/rfc6265
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass

from fhir_server.oauth import grants, users
from fhir_server.oauth.server import OAuth
from fhir_server.oauth.users import User
from fhir_server.store.records import Records

KIND = "sessions"
IDLE_SECONDS, LONGEST_SECONDS = 30 * 60, 12 * 3600
# A session is written to at most so often.
_NOTICED = 60
_BYTES = 32


@dataclass(frozen=True, slots=True)
class Session:
    """Who is signed in at a browser. `id` is the cookie's hash; `auth_time` when, int seconds."""

    id: str
    user: User
    csrf: str
    auth_time: int
    acr: str


def start(oauth: OAuth, user: User, *, auth_time: int, acr: str = "") -> str:
    """Give the cookie of a new session; whatever cookie the browser had is not asked."""
    cookie = secrets.token_urlsafe(_BYTES)
    now = oauth.clock()
    row = {
        "_id": _id(cookie),
        "user": user.username,
        "csrf": secrets.token_urlsafe(_BYTES),
        "auth_time": auth_time,
        "acr": acr,
        "ends": now + LONGEST_SECONDS,
        "expires": now + IDLE_SECONDS,
    }
    oauth.records.insert(KIND, row)
    return cookie


def of(oauth: OAuth, cookie: str) -> Session | None:
    """Give the session of a cookie; None after half an hour unused, after 12 h, for nobody."""
    id_, now = _id(cookie), oauth.clock()
    row = oauth.records.get(KIND, id_)
    if row is None or row["expires"] <= now:
        return None
    user = users.get(oauth.records, row["user"])
    if user is None or user.disabled:
        return None
    expires = min(now + IDLE_SECONDS, row["ends"])
    if expires > row["expires"] + _NOTICED:
        oauth.records.change(KIND, {"_id": id_}, {"expires": expires})
    return Session(id_, user, row["csrf"], row["auth_time"], row["acr"])


def alive(records: Records, id_: str, now: int) -> bool:
    """Say whether the session of this id goes on: an online grant ends with it."""
    row = records.get(KIND, id_)
    return row is not None and row["expires"] > now


def end(oauth: OAuth, cookie: str) -> None:
    """End a session, and with it what apps were given while it lasts (`online_access`)."""
    id_ = _id(cookie)
    oauth.records.remove(KIND, {"_id": id_})
    grants.end(oauth, "session", id_)


def csrf_holds(session: Session, token: str) -> bool:
    """Say whether a form was made for this session.

    https://cheatsheetseries.owasp.org/cheatsheets/Cross-Site_Request_Forgery_Prevention_Cheat_Sheet.html
    """
    return hmac.compare_digest(session.csrf.encode(), token.encode(errors="replace"))


def _id(cookie: str) -> str:
    return hashlib.sha256(cookie.encode(errors="surrogatepass")).hexdigest()
