"""Source: a code system in somebody's file, read as often as needed, never whole."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from fhir_server.store.concepts import Concept

# (a code, a code it is a kind of)
Edge = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Source:
    """What is to be loaded; `language` is that of the displays, `notice` the owner's terms.

    `edges` gives the hierarchy, `concepts` the concepts, each without its parents; both may be
    called again. `properties` are names with their types of CodeSystem.property.
    """

    url: str
    version: str
    title: str
    edges: Callable[[], Iterable[Edge]]
    concepts: Callable[[], Iterable[Concept]]
    language: str = ""
    notice: str = ""
    properties: Mapping[str, str] = field(default_factory=dict)
