"""Canonicals: the definitions that come with the server, by url, read when first asked for.

https://hl7.org/fhir/R4/references.html#canonical
"""

import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import Any

import msgspec

from fhir_server.fhir import json

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

_TABLES = {
    "CodeSystem": "code_systems.json",
    "ValueSet": "value_sets.json",
    "StructureDefinition": "definitions.json.zst",
}
_PROFILES = Path(str(files("profiles")))


class Canonicals:
    """R4's own, the server's own, and what guests' folders define."""

    def __init__(
        self, folders: Sequence[Path] = (), addresses: Mapping[str, str] | None = None
    ) -> None:
        """Nothing is read yet; a later folder wins over an earlier one, each over R4.

        `addresses` says where what the folders name by an address that starts so stands here.
        """
        self._folders = (_PROFILES / "server", *folders)
        self._addresses = addresses or {}
        self._packed: dict[str, Mapping[str, msgspec.Raw]] = {}

    def find(self, type_: str, url: str) -> Iterator[Mapping[str, Any]]:
        """Give the resources of that type and canonical url (without version), the best first.

        R4's are cut to what is asked of them: no displays, no texts.
        """
        yield from self._defined.get((type_, url), ())
        packed = self._table(type_).get(url)
        if packed is not None:
            yield {"url": url, **json.reload(bytes(packed))}

    def _table(self, type_: str) -> Mapping[str, msgspec.Raw]:
        known = self._packed.get(type_)
        if known is None:
            path = _PROFILES / "r4" / _TABLES[type_]
            text = path.read_bytes()
            text = zstd.decompress(text) if path.suffix == ".zst" else text
            table = msgspec.json.decode(text, type=dict[str, msgspec.Raw])
            known = self._packed.setdefault(type_, table)
        return known

    @cached_property
    def _defined(self) -> Mapping[tuple[str, str], Sequence[Mapping[str, Any]]]:
        found: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
        for folder in self._folders:
            for path in sorted(folder.rglob("*.json")):
                text = path.read_bytes()
                for address, here in self._addresses.items():
                    text = text.replace(address.encode(), here.encode())
                resource = json.parse(text)
                if isinstance(resource, dict) and resource.get("resourceType") in _TABLES:
                    key = resource["resourceType"], resource.get("url", "")
                    found.setdefault(key, []).insert(0, resource)
        return found
