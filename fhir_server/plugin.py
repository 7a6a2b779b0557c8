"""What a guest adds to the engine: definitions and operations, listed by hand in main.py."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fhir_server.interactions.operation import Operation


@dataclass(frozen=True, slots=True)
class Plugin:
    """A guest: `definitions` are folders of FHIR JSON, `operations` join the route table.

    What the definitions name by an address that starts as one in `addresses` has here the one it
    leads to. `sensitive` are rows that say which codes label a resource: access/labels.
    """

    name: str
    definitions: Sequence[Path] = ()
    operations: Sequence[Operation] = ()
    addresses: Mapping[str, str] = field(default_factory=dict)
    sensitive: Sequence[Mapping[str, Any]] = ()
