"""What a guest adds to the engine: definitions and operations, listed by hand in main.py."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from fhir_server.interactions.operation import Operation


@dataclass(frozen=True, slots=True)
class Plugin:
    """A guest: `definitions` are folders of FHIR JSON, `operations` join the route table."""

    name: str
    definitions: Sequence[Path] = ()
    operations: Sequence[Operation] = ()
