"""Canonicals: the definitions that come with the server, by url, read when first asked for.

https://hl7.org/fhir/R4/references.html#canonical
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import Any

from fhir_server.fhir import json
from fhir_server.spec.pack import Pack

TYPES = frozenset({"CodeSystem", "ValueSet", "ConceptMap", "StructureDefinition"})
_PROFILES = Path(str(files("profiles")))


class Canonicals:
    """R4's own, HL7's terminology of today, the server's, what guests' folders define, packages."""

    def __init__(
        self,
        folders: Sequence[Path] = (),
        addresses: Mapping[str, str] | None = None,
        packs: Sequence[Pack] = (),
    ) -> None:
        """Nothing is read yet; a later folder wins over an earlier one, each over packs over HL7's.

        `addresses` says where what the folders name by an address that starts so stands here.
        """
        self._folders = (_PROFILES / "server", *folders)
        self._addresses = addresses or {}
        # What HL7 publishes today comes before what R4 came with.
        names = ("terminology/terminology.pack", "r4/terminology.pack", "r4/definitions.pack")
        self._packs = (*packs, *(Pack(_PROFILES / name) for name in names))

    def find(self, type_: str, url: str) -> Iterator[Mapping[str, Any]]:
        """Give the resources of that type and canonical url (without version), the best first."""
        yield from self._defined.get((type_, url), ())
        for pack in self._packs:
            yield from pack.find(type_, url)

    def urls(self, type_: str) -> list[str]:
        """Give the url of every resource of a type, each once."""
        defined = (url for of_type, url in self._defined if of_type == type_)
        packed = (url for pack in self._packs for url in pack.urls(type_))
        return list(dict.fromkeys([*defined, *packed]))

    @cached_property
    def _defined(self) -> Mapping[tuple[str, str], Sequence[Mapping[str, Any]]]:
        found: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
        for folder in self._folders:
            for path in sorted(folder.rglob("*.json")):
                text = path.read_bytes()
                for address, here in self._addresses.items():
                    text = text.replace(address.encode(), here.encode())
                resource = json.parse(text)
                if isinstance(resource, dict) and resource.get("resourceType") in TYPES:
                    key = resource["resourceType"], resource.get("url", "")
                    found.setdefault(key, []).insert(0, resource)
        return found
