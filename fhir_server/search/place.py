"""Where the server stands: what values are read against, when indexing and when searching."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, tzinfo


@dataclass(frozen=True, slots=True)
class Place:
    """Our own base URLs (no trailing slash), the zone of dates without one, the resource types.

    Indexing and searching must use the same base URLs and zone.
    """

    base_urls: tuple[str, ...] = ()
    zone: tzinfo = UTC
    types: Collection[str] = ()
