"""Which certificates are still good: Token Status List, two bits each, where revocations live.

A list has 131,072 places; a certificate gets one by chance, so that its place says neither when nor
after whom it was issued. https://datatracker.ietf.org/doc/draft-ietf-oauth-status-list/ (21)
"""

import re
import secrets
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from extensions.judicial_record.proof import jws, keys
from extensions.judicial_record.proof.keyset import PublicKey, trusted
from extensions.judicial_record.proof.reasons import Doubt
from fhir_server.fhir.dates import SECOND
from fhir_server.fhir.errors import Conflict, FhirError, NotFound
from fhir_server.fhir.json import dump, parse_object
from fhir_server.store.records import Reading, Records

# `status_places`: whose a place is, by place and by owner. `status_changes`: what is not valid.
KINDS: Mapping[str, Sequence[str]] = {
    "status_places": (),
    "status_owners": (),
    "status_counts": (),
    "status_changes": ("shard",),
}
TYP = "statuslist+jwt"
BITS = 2
SIZE = 131_072
# Chance finds a free place in four tries, on average, in the fullest list.
_FILL = SIZE * 3 // 4
TTL_SECONDS = 60
# How long a verifier away from any network may use a list and call it old: RFC 7519's `exp`.
LIFE_SECONDS = 24 * 3600
# The number of a list, in the one way it is written.
_NUMBER = re.compile("0|[1-9][0-9]{0,8}")
# Far off, and still a date.
_NEVER = 2**37

VALID, REVOKED, SUSPENDED, SUPERSEDED = range(4)
# From what a status may change to what; the first change of a place is one from VALID.
CHANGES: Mapping[int, Sequence[int]] = {
    VALID: (REVOKED, SUSPENDED, SUPERSEDED),
    SUSPENDED: (VALID, REVOKED, SUPERSEDED),
    SUPERSEDED: (REVOKED,),
    REVOKED: (),
}


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a list of an issuer; `shard` is such as `1-0`: the issuer's id and a number."""

    shard: str
    index: int


@dataclass(frozen=True, slots=True)
class Listed:
    """What a list says of one place: `status`, and when and for how long, int seconds."""

    status: int
    issued: int
    ttl: int
    expires: int


def allocate(records: Records, organisation: str, owner: str) -> Place:
    """Give an owner (a certificate's id) its place, the same one however often it is asked for."""
    row = records.get("status_owners", owner)
    if row is None:
        nth = records.count_up("status_counts", organisation, _NEVER) - 1
        shard = f"{organisation}-{nth // _FILL}"
        records.insert("status_owners", {"_id": owner, **_chance(shard)})
    while True:
        row = records.get("status_owners", owner)
        assert row is not None, "an owner keeps its row"
        place = Place(row["shard"], row["index"])
        if records.insert("status_places", {"_id": _id(place), "owner": owner}):
            return place
        holder = records.get("status_places", _id(place))
        if holder is not None and holder["owner"] == owner:
            return place
        taken = {"_id": owner, "index": place.index}
        records.change("status_owners", taken, _chance(place.shard))


def set_status(records: Records, place: Place, status: int) -> None:
    """Change the status of a place, in one atomic step; the same again changes nothing.

    Raises NotFound for a place nobody has, Conflict for a change that is no row of `CHANGES`.
    """
    if records.get("status_places", _id(place)) is None:
        raise NotFound("No certificate has this place in the status list.")
    while True:
        row = records.get("status_changes", _id(place))
        was = row["status"] if row else VALID
        if was == status:
            return
        if status not in CHANGES[was]:
            raise Conflict(
                "A revoked certificate stays revoked, a superseded one is no more valid."
            )
        new = {"shard": place.shard, "status": status}
        if row is None and records.insert(
            "status_changes", {"_id": _id(place), "index": place.index, **new}
        ):
            return
        if row is not None and records.change(
            "status_changes", {"_id": _id(place), "status": was}, new
        ):
            return


async def status_now(reading: Reading, place: Place) -> int:
    """Give the status of a place as it is now."""
    row = await reading.get("status_changes", _id(place))
    return int(row["status"]) if row else VALID


def token(ring: keys.KeyRing, shard: str, uri: str) -> str:
    """Give the signed list of a shard as a JWT; `uri` is where it is served, as certificates say.

    Raises NotFound for a shard in which nobody has a place.
    """
    organisation, _, number = shard.rpartition("-")
    count = ring.records.get("status_counts", organisation)
    # One list has one name, or a revocation would be missing from the other's.
    known = count and _NUMBER.fullmatch(number) and int(number) <= (count["n"] - 1) // _FILL
    if not known:
        raise NotFound("There is no such status list.")
    now = ring.clock()
    rows = ring.records.find("status_changes", {"shard": shard}, SIZE)
    claims = {
        "sub": uri,
        "iat": now // SECOND,
        "exp": now // SECOND + LIFE_SECONDS,
        "ttl": TTL_SECONDS,
        "status_list": {
            "bits": BITS,
            "lst": packed(SIZE, ((r["index"], r["status"]) for r in rows)),
        },
    }
    key = keys.active(ring, f"Organization/{organisation}", now)
    return jws.sign(key, TYP, dump(claims))


def read(content: str, known: Mapping[str, PublicKey], issuer: str, uri: str, index: int) -> Listed:
    """Give what a list says of a place; `issuer` and `uri` are those the certificate names.

    Raises Doubt: status-broken for one this issuer did not sign, status-of-another.
    """
    try:
        key, payload = jws.read(content, TYP, known)
        claims = parse_object(payload)
        times = [claims[name] for name in ("iat", "ttl", "exp")]
        trusted(key, issuer, times[0])
        named = claims["sub"]
        found = unpacked(claims["status_list"]["lst"], SIZE)
    except (Doubt, FhirError, KeyError, TypeError, ValueError, zlib.error):
        raise Doubt("status-broken") from None
    if any(type(time) is not int for time in times) or claims["status_list"].get("bits") != BITS:
        raise Doubt("status-broken")
    if named != uri or not 0 <= index < SIZE:
        raise Doubt("status-of-another")
    return Listed(at(found, index), *times)


def packed(size: int, statuses: Iterable[tuple[int, int]]) -> str:
    """Give the `lst` of a list of `size` places; the others have status 0: draft, 4.1."""
    content = bytearray(size * BITS // 8)
    for index, value in statuses:
        content[index // 4] |= value << index % 4 * BITS
    return jws.encoded(zlib.compress(content, 9))


def unpacked(lst: str, size: int) -> bytes:
    """Give the bytes of a list of exactly `size` places; ValueError for any other length."""
    inflating = zlib.decompressobj()
    content = inflating.decompress(jws.decoded(lst), size * BITS // 8 + 1)
    if len(content) != size * BITS // 8 or not inflating.eof or inflating.unused_data:
        raise ValueError("The list has another length.")
    return content


def at(content: bytes, index: int) -> int:
    """Give the status of a place: the first is in the lowest bits of the first byte."""
    return content[index // 4] >> index % 4 * BITS & 0b11


def _chance(shard: str) -> dict[str, Any]:
    return {"shard": shard, "index": secrets.randbelow(SIZE)}


def _id(place: Place) -> str:
    return f"{place.shard}/{place.index}"
