"""Which servers may be asked: https names, and behind them only addresses of the open Internet."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

MAX_LENGTH = 2048
PORTS = {"https": 443, "http": 80}
# A name whose last label begins with a letter: no number in any notation is one.
_NAME = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?")

# What `is_global` lets through and is not a host of its own on the open Internet. The IPv6 ones
# carry an IPv4 address inside: https://www.iana.org/assignments/iana-ipv6-special-registry
_CLOSED = tuple(
    map(
        ip_network,
        (
            "168.63.129.16/32",  # answers with a machine's own metadata in one large cloud
            "192.0.0.0/24",
            "192.88.99.0/24",
            "64:ff9b::/96",
            "64:ff9b:1::/48",
            "2001::/23",
            "2002::/16",
        ),
    )
)
_UNICAST = IPv6Network("2000::/3")


@dataclass(frozen=True, slots=True)
class Address:
    """An absolute http or https URL in its parts; `target` is path and query, `host` lower case."""

    scheme: str
    host: str
    port: int
    target: str

    @property
    def origin(self) -> str:
        """Give scheme, host and port, the port only where it is not the scheme's own."""
        return f"{self.scheme}://{self.authority}"

    @property
    def authority(self) -> str:
        """Give what the Host header says."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def is_named(self) -> bool:
        """Say whether the host is a full domain name, and no number."""
        return _NAME.fullmatch(self.host) is not None


def parsed(url: str) -> Address:
    """Give a URL in its parts; ValueError for what any two readers could read differently.

    Nothing but visible ASCII, no backslash, no user, no fragment.
    """
    if len(url) > MAX_LENGTH or not re.fullmatch(r"[!-\[\]-~]+", url) or "#" in url:
        raise ValueError("A URL has at most 2048 characters of visible ASCII, and no fragment.")
    parts = urlsplit(url)
    if parts.scheme not in PORTS or not url.startswith(f"{parts.scheme}://"):
        raise ValueError("A URL begins with https:// or http://.")
    if "@" in parts.netloc or not parts.hostname:
        raise ValueError("A URL names a host, and no user.")
    port = parts.port if parts.port is not None else PORTS[parts.scheme]
    if not port or parts.netloc.endswith(":"):
        raise ValueError("A URL's port is a number over 0.")
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Address(parts.scheme, parts.hostname.lower(), port, target)


def is_public(address: str) -> bool:
    """Say whether an IP address is a host's on the open Internet, and no other's in disguise."""
    try:
        found = ip_address(address)
    except ValueError:
        return False
    if not found.is_global or found.is_multicast:
        return False
    if found.version == 6 and found not in _UNICAST:  # noqa: PLR2004 - the version's name
        return False
    return not any(found in net for net in _of_version(found.version))


def _of_version(version: int) -> Iterable[IPv4Network | IPv6Network]:
    return (net for net in _CLOSED if net.version == version)
