"""Canonicals: the CodeSystems and ValueSets that come with the server, read when first asked for.

https://hl7.org/fhir/R4/references.html#canonical
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import Any

import msgspec

from fhir_server.fhir import json
from fhir_server.spec.pack import Pack

_TABLES = {"CodeSystem": "code_systems.json", "ValueSet": "value_sets.json"}
_PROFILES = Path(str(files("profiles")))


class Canonicals:
    """R4's own, HL7's terminology of today, the server's own, and what guests' folders define."""

    def __init__(self, folders: Sequence[Path] = ()) -> None:
        """Nothing is read yet; a later folder wins over an earlier one, each over HL7's."""
        self._terminology = Pack(_PROFILES / "terminology")
        self._folders = (_PROFILES / "server", *folders)

    def find(self, type_: str, url: str) -> Iterator[Mapping[str, Any]]:
        """Give the resources of that type and canonical url (without version), the best first.

        What HL7 publishes today comes before what R4 came with, which is cut to what terminology
        needs: no displays.
        """
        yield from self._defined.get((type_, url), ())
        yield from self._terminology.find(type_, url)
        packed = self._packed[type_].get(url)
        if packed is not None:
            yield {"url": url, **json.reload(bytes(packed))}

    @cached_property
    def _packed(self) -> Mapping[str, Mapping[str, msgspec.Raw]]:
        return {
            type_: msgspec.json.decode(
                (_PROFILES / "r4" / name).read_bytes(), type=dict[str, msgspec.Raw]
            )
            for type_, name in _TABLES.items()
        }

    @cached_property
    def _defined(self) -> Mapping[tuple[str, str], Sequence[Mapping[str, Any]]]:
        found: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
        for folder in self._folders:
            for path in sorted(folder.rglob("*.json")):
                resource = json.parse(path.read_bytes())
                if isinstance(resource, dict) and resource.get("resourceType") in _TABLES:
                    key = resource["resourceType"], resource.get("url", "")
                    found.setdefault(key, []).insert(0, resource)
        return found
