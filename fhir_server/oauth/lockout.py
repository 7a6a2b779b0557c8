"""Who guesses waits: failures are counted for a name from one network, and for the network.

The waits double. A name is never shut for everybody: who guesses from elsewhere does not keep the
rightful one out. https://www.rfc-editor.org/rfc/rfc9700
"""

import hashlib
import ipaddress

from fhir_server.store.records import Records

KIND = "attempts"
FREE = 5
# Many people share the address of a hospital.
FREE_OF_NETWORK = 50
LONGEST_WAIT = 900
FORGOTTEN_AFTER = 3600
_IPV6_NETWORK = 64


def delay(records: Records, key: str, now: int) -> int:
    """Give how many seconds are left before this key may try again; 0 where it may."""
    row = records.get(KIND, _id(key))
    return max(0, row.get("until", 0) - now) if row else 0


def failed(records: Records, key: str, now: int, *, free: int = FREE) -> None:
    """Count a failure; after `free` of them, with no hour between two, the waits begin."""
    id_, expires = _id(key), now + FORGOTTEN_AFTER
    row = records.get(KIND, id_)
    if row and row["expires"] <= now:
        records.remove(KIND, {"_id": id_, "n": row["n"]})
    n = records.count_up(KIND, id_, expires)
    records.change(KIND, {"_id": id_}, {"until": now + _wait(n - free), "expires": expires})


def cleared(records: Records, key: str) -> None:
    """Forget the failures of a key: the rightful one came."""
    records.remove(KIND, {"_id": _id(key)})


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


def _wait(over: int) -> int:
    return 0 if over <= 0 else min(1 << min(over - 1, 30), LONGEST_WAIT)


def _id(key: str) -> str:
    """Give the id of a key of any length; names of people and addresses are not kept."""
    return hashlib.sha256(key.encode(errors="surrogatepass")).hexdigest()
