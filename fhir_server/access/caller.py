"""Who asks."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Caller:
    """The one a request is made for; `name` goes into logs and audit, never personal data."""

    name: str
    unrestricted: bool = False


ANYONE_ON_LOOPBACK = Caller("loopback", unrestricted=True)
