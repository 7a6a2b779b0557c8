"""Pack: resources in one file, each a zstd frame of its own, so that one is read without the rest.

`resources.json` says where each is; `scripts/build_terminology.py` writes both.
"""

import sys
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, TypeAlias

import msgspec

from fhir_server.fhir import json

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

__all__ = ["Pack", "zstd"]

Place: TypeAlias = tuple[int, int]


class _Index(msgspec.Struct, frozen=True):
    """Where the dictionary is, and by type, url and version where each resource is."""

    dictionary: Place
    resources: Mapping[str, Mapping[str, Mapping[str, Place]]]


class Pack:
    """The resources of a folder; nothing is read before the first question."""

    def __init__(self, folder: Path) -> None:
        """`folder` has resources.json and resources.zst."""
        self._folder = folder

    def urls(self, type_: str) -> list[str]:
        """Give the urls of the resources of a type, in order."""
        return sorted(self._index.resources.get(type_, ()))

    def find(self, type_: str, url: str) -> Iterator[Mapping[str, Any]]:
        """Give the resources of that type and url."""
        for place in self._index.resources.get(type_, {}).get(url, {}).values():
            frame = zstd.decompress(self._read(place), zstd_dict=self._dictionary)
            yield {"url": url, **json.reload(frame)}

    @cached_property
    def _index(self) -> _Index:
        return msgspec.json.decode((self._folder / "resources.json").read_bytes(), type=_Index)

    @cached_property
    def _dictionary(self) -> zstd.ZstdDict:
        return zstd.ZstdDict(self._read(self._index.dictionary))

    def _read(self, place: Place) -> bytes:
        offset, length = place
        with (self._folder / "resources.zst").open("rb") as file:
            file.seek(offset)
            return file.read(length)
