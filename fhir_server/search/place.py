"""Where the server stands: what values are read against, when indexing and when searching."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from decimal import Decimal

# (value, UCUM code) → (value in base units, canonical code); None where units cannot be compared.
Canonical = Callable[[Decimal, str], tuple[Decimal, str] | None]


def no_units(_value: Decimal, _code: str) -> None:
    """Compare no units: each code is its own."""


@dataclass(frozen=True, slots=True)
class Place:
    """Our own base URLs (no trailing slash), the zone of dates without one, the resource types.

    `canonical` brings UCUM quantities to base units. Indexing and searching must use the same
    base URLs, zone and units. `text_search`: the words of a resource are indexed, see
    `search/words`.
    """

    base_urls: tuple[str, ...] = ()
    zone: tzinfo = UTC
    types: Collection[str] = field(default=(), compare=False)
    canonical: Canonical = no_units
    text_search: bool = False
