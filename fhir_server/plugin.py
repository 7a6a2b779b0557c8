"""What a guest adds to the engine: definitions, operations, documents; listed by hand in main."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fhir_server.interactions.operation import Operation


@dataclass(frozen=True, slots=True)
class Document:
    """What is no FHIR and is there for everybody to read, such as a key set.

    `path` may have names for parts, as `/status/{shard}`. `answer` gets them and the query's
    parameters, and gives the bytes; it is run in a thread and may raise FhirError. `seconds`: how
    long others may keep it.
    """

    path: str
    media_type: str
    answer: Callable[[Mapping[str, str]], bytes]
    seconds: int


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
