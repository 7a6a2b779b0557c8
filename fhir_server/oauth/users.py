"""Who signs in: local users of small sites, and those a national provider knows.

A citizen number is kept as a keyed hash only: the same number gives the same hash, nothing gives
the number back.
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from fhir_server.oauth import grants, lockout, passwords
from fhir_server.oauth.server import OAuth
from fhir_server.store.records import Record, Records

KIND = "users"
ROLES = ("operator", "clerk", "signer")
_NAME = re.compile(r"[a-z0-9][a-z0-9._@-]{2,63}")
_LISTS = ("proxies", "organisations", "roles", "clearance")
_ID = r"[A-Za-z0-9.-]{1,64}"
_KINDS = "Patient|Practitioner|PractitionerRole|RelatedPerson|Person|Organization"
_SHAPES = {
    "fhir_user": re.compile(rf"(({_KINDS})/{_ID})?"),
    "proxies": re.compile(rf"RelatedPerson/{_ID}"),
    "organisations": re.compile(_ID),
    "roles": re.compile("|".join(ROLES)),
    "clearance": re.compile(r"[A-Z][A-Za-z0-9-]{0,31}"),
}


@dataclass(frozen=True, slots=True)
class User:
    """`username` signs in, `sub` is what apps are told and never changes.

    `fhir_user` is such as `Patient/1` or `Practitioner/2`, `proxies` the RelatedPersons the user
    stands in for somebody as, `organisations` ids of Organizations, `clearance` sensitivity labels.
    `citizen` is a keyed hash, `federated` names the person at the national provider, hashed too.
    """

    username: str
    sub: str = ""
    display: str = ""
    fhir_user: str = ""
    proxies: tuple[str, ...] = ()
    organisations: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    clearance: tuple[str, ...] = ()
    citizen: str = ""
    federated: str = ""
    disabled: bool = False


def signed_in(oauth: OAuth, username: str, password: str, address: str, now: int) -> User | None:
    """Give the user of this name and password who asks from this address.

    Unknown, wrong, disabled and locked out have one answer, None; the first three take one time.
    https://pages.nist.gov/800-63-4/sp800-63b.html
    """
    if wait(oauth, username, address, now):
        return None
    name = _folded(username)
    row = oauth.records.get(KIND, name) if _NAME.fullmatch(name) else None
    kept = str(row["password"]) if row and row.get("password") else ""
    if kept:
        right = passwords.holds(kept, password)
    else:
        right = False
        passwords.dummy()
    if row is None or not right or row["disabled"]:
        _failed(oauth.records, username, address, now)
        return None
    lockout.cleared(oauth.records, [_key(username, address)])
    if passwords.outdated(kept):
        where = {"_id": row["_id"], "password": kept}
        oauth.records.change(KIND, where, {"password": passwords.hashed(password)})
    return _user(row)


def wait(oauth: OAuth, username: str, address: str, now: int) -> int:
    """Give how many seconds this name has to wait at this address; 0 where it may try.

    It is the same for names nobody has.
    """
    keys = {_key(username, address): lockout.FREE, _network(address): lockout.FREE_OF_NETWORK}
    return max(lockout.delays(oauth.records, keys, now).values(), default=0)


def get(records: Records, username: str) -> User | None:
    """Give the user of this name."""
    row = records.get(KIND, username)
    return _user(row) if row else None


def listed(records: Records, **where: str) -> list[User]:
    """Give the users whose fields have these values, by name."""
    return [_user(row) for row in records.find(KIND, where)]


def add(records: Records, user: User, password: str = "") -> User:
    """Keep a new user, and give it with its `sub`; without a password it signs in elsewhere.

    Raises ValueError, with the reason, for a value that cannot be used or is taken.
    """
    if not _NAME.fullmatch(user.username):
        raise ValueError(
            "A user's name has 3 to 64 of a-z, 0-9 and . _ @ -, and begins with a letter or digit."
        )
    row = _checked(user) | {"sub": secrets.token_urlsafe(16)}
    if password:
        passwords.check(password, user.username)
    kept = {**row, "password": passwords.hashed(password) if password else ""}
    if user.citizen and records.find(KIND, {"citizen": user.citizen}, 1):
        raise ValueError("There is a user with this citizen number already.")
    if not records.insert(KIND, kept):
        raise ValueError(f"There is a user {user.username} already.")
    return _user(row)


def set_password(oauth: OAuth, username: str, password: str) -> bool:
    """Give a user another password and end all that was begun with the old one; False for nobody.

    Raises ValueError for a password that is too easy to guess.
    """
    passwords.check(password, username)
    row = oauth.records.change(KIND, {"_id": username}, {"password": passwords.hashed(password)})
    return _ended(oauth, row)


def disable(oauth: OAuth, username: str, *, disabled: bool = True) -> bool:
    """Let a user sign in no more, or again; what is open ends at once. False for nobody."""
    row = oauth.records.change(KIND, {"_id": username}, {"disabled": disabled})
    return _ended(oauth, row)


def citizen_hash(records: Records, number: str, key: bytes | None = None) -> str:
    """Give what a citizen number is kept as: HMAC-SHA-256, keyed by `key` or a key made once.

    The key made here lies in the same database; one from the settings keeps the numbers from
    whoever takes the database alone. https://www.rfc-editor.org/rfc/rfc2104
    """
    if key is None:
        records.insert("secrets", {"_id": KIND, "key": secrets.token_bytes(32)})
        row = records.get("secrets", KIND)
        assert row is not None
        key = bytes(row["key"])
    return hmac.new(key, b"citizen:" + number.encode(), hashlib.sha256).hexdigest()


def _ended(oauth: OAuth, row: Record | None) -> bool:
    """End the sessions and grants of a user; False where there is none."""
    if row is None:
        return False
    oauth.records.remove("sessions", {"user": row["_id"]})
    grants.end(oauth, "user", row["sub"])
    return True


def _failed(records: Records, username: str, address: str, now: int) -> None:
    lockout.failed(records, (_key(username, address), _network(address)), now)


def _key(username: str, address: str) -> str:
    return f"user {lockout.network(address)} {_folded(username)}"


def _folded(username: str) -> str:
    """Give the name as it is kept: a phone writes a capital and a space of its own."""
    return username.strip().casefold()


def _network(address: str) -> str:
    return f"network {lockout.network(address)}"


def _checked(user: User) -> Record:
    """Give the record of a user; ValueError for a value of the wrong shape."""
    row: Record = asdict(user)
    for name, shape in _SHAPES.items():
        values: Sequence[str] = row[name] if name in _LISTS else (row[name],)
        for value in values:
            if not shape.fullmatch(value):
                raise ValueError(f"{value!r} is no value of {name}.")
    kept = {name: list(value) if name in _LISTS else value for name, value in row.items()}
    return {"_id": kept.pop("username"), **kept}


def _user(row: Record) -> User:
    told: dict[str, Any] = {
        name: tuple(row[name]) if name in _LISTS else row[name]
        for name in User.__slots__
        if name in row
    }
    return User(username=row["_id"], **told)
