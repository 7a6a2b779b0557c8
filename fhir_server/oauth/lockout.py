"""Who guesses waits: failures are counted for a name from one network, and for the network.

The waits double. A name is never shut for everybody: who guesses from elsewhere does not keep the
rightful one out. https://www.rfc-editor.org/rfc/rfc9700
"""

import asyncio
import hashlib
import ipaddress
from collections.abc import Iterable, Mapping

from fhir_server.store.records import Reading, Record, Records

KIND = "attempts"
FREE = 5
# Many people share the address of a hospital.
FREE_OF_NETWORK = 50
LONGEST_WAIT = 900
FORGOTTEN_AFTER = 3600
_IPV6_NETWORK = 64


def delay(records: Records, key: str, now: int, *, free: int = FREE) -> int:
    """Give how many seconds are left before this key may try again; 0 where it may."""
    return delays(records, {key: free}, now).get(key, 0)


def delays(records: Records, keys: Mapping[str, int], now: int) -> dict[str, int]:
    """Give by key how many seconds are left, of those that failed; all in one question.

    `keys` say of each how many failures are free.
    """
    rows = records.several(KIND, [_id(key) for key in keys])
    return _told(keys, now, rows)


async def delays_now(reading: Reading, keys: Mapping[str, int], now: int) -> dict[str, int]:
    """Give what `delays` gives, on the request path."""
    ids = [_id(key) for key in keys]
    rows = await asyncio.gather(*(reading.get(KIND, id_) for id_ in ids))
    return _told(keys, now, {id_: row for id_, row in zip(ids, rows, strict=True) if row})


def failed(records: Records, keys: Iterable[str], now: int) -> None:
    """Count a failure of each key, as often as it is named.

    After so many as are free, with no hour between two, the waits begin.
    """
    records.count(KIND, map(_id, keys), now, now + FORGOTTEN_AFTER)


def cleared(records: Records, keys: Iterable[str]) -> None:
    """Forget the failures of each key: the rightful one came."""
    records.remove_all(KIND, map(_id, keys))


def network(address: str) -> str:
    """Give whom an address belongs to: all of a /64 in IPv6, where one machine has so many."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv4Address):
        return address
    if found.ipv4_mapped:
        return str(found.ipv4_mapped)
    return str(ipaddress.ip_network((found, _IPV6_NETWORK), strict=False))


def _told(keys: Mapping[str, int], now: int, rows: Mapping[str, Record]) -> dict[str, int]:
    found = {key: rows.get(_id(key)) for key in keys}
    return {key: _left(row, keys[key], now) for key, row in found.items() if row}


def _left(row: Record, free: int, now: int) -> int:
    last = int(row["expires"]) - FORGOTTEN_AFTER
    return max(0, last + _wait(int(row["n"]) - free) - now)


def _wait(over: int) -> int:
    return 0 if over <= 0 else min(1 << min(over - 1, 30), LONGEST_WAIT)


def _id(key: str) -> str:
    """Give the id of a key of any length; names of people and addresses are not kept."""
    return hashlib.sha256(key.encode(errors="surrogatepass")).hexdigest()
