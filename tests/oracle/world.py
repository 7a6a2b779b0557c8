"""What is searched: resources by type and id, where the base stands, what its codes mean."""

from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from typing import Any

Resource = dict[str, Any]


@dataclass(frozen=True, eq=False, repr=False)
class World:
    """Everything an answer depends on.

    `base` has no trailing slash; `zone` is that of dates without one. `parents` gives for each code
    system the parent of each code that has one, `value_sets` the (system, code) pairs of each.
    """

    resources: dict[str, dict[str, Resource]]
    base: str = "http://example.org/fhir"
    zone: tzinfo = UTC
    parents: dict[str, dict[str, str]] = field(default_factory=dict)
    value_sets: dict[str, frozenset[tuple[str, str]]] = field(default_factory=dict)
    # What expressions came to, by type, id and parameter: resources do not change.
    remembered: dict[tuple[str, str, str], list[Any]] = field(default_factory=dict)

    def __repr__(self) -> str:
        """Give a short name for reports."""
        return f"World({sum(map(len, self.resources.values()))} resources)"

    def find(self, type_: str, id_: str) -> Resource | None:
        """Give the resource that stands under an address; None where none does."""
        return self.resources.get(type_, {}).get(id_)


def world_of(*resources: Resource, **fields: Any) -> World:
    """Give the world that holds these resources."""
    found: dict[str, dict[str, Resource]] = {}
    for resource in resources:
        found.setdefault(resource["resourceType"], {})[resource["id"]] = resource
    return World(found, **fields)
