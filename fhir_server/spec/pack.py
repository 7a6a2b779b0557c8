"""Pack: many definitions in one compressed file, any one of them read alone by type and url.

Eight bytes say how long the index is; the index and the frames behind it are each compressed.
"""

import sys
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec

from fhir_server.fhir import json

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

# What is read to give one definition: its neighbours are compressed with it.
FRAME_BYTES = 64 * 1024
_LENGTH_BYTES = 8
_LEVEL = 19

# (where the frame begins, its compressed size, the place in it)
Place = tuple[int, int, int]


class Pack:
    """Definitions by type and url (without version); nothing is read before one is asked for."""

    def __init__(self, path: Path) -> None:
        """Take the file `write` wrote."""
        self._path = path

    def find(self, type_: str, url: str) -> Iterator[Mapping[str, Any]]:
        """Give the definitions with that url, in the order they were written."""
        for offset, size, place in self._index.get(type_, {}).get(url, ()):
            with self._path.open("rb") as file:
                file.seek(offset)
                frame = zstd.decompress(file.read(size))
            rows = msgspec.json.decode(frame, type=list[msgspec.Raw])
            yield json.reload(bytes(rows[place]))

    def urls(self, type_: str) -> Iterable[str]:
        """Give every url of a type."""
        return self._index.get(type_, {}).keys()

    @cached_property
    def _index(self) -> Mapping[str, Mapping[str, list[Place]]]:
        with self._path.open("rb") as file:
            size = int.from_bytes(file.read(_LENGTH_BYTES), "big")
            index = zstd.decompress(file.read(size))
        start = _LENGTH_BYTES + size
        rows = msgspec.json.decode(index, type=dict[str, dict[str, list[Place]]])
        return {
            type_: {
                url: [(start + offset, length, place) for offset, length, place in places]
                for url, places in of_type.items()
            }
            for type_, of_type in rows.items()
        }


def write(path: Path, definitions: Iterable[Mapping[str, Any]]) -> int:
    """Write a pack of definitions, each with its resourceType and url; say how many."""
    index: dict[str, dict[str, list[Place]]] = {}
    frames: list[bytes] = []
    start = count = 0
    for rows in _framed(definitions):
        frame = zstd.compress(json.dump(rows), _LEVEL)
        for place, row in enumerate(rows):
            of_type = index.setdefault(row["resourceType"], {})
            of_type.setdefault(row["url"], []).append((start, len(frame), place))
        frames.append(frame)
        start += len(frame)
        count += len(rows)
    told = zstd.compress(json.dump(index), _LEVEL)
    path.write_bytes(b"".join([len(told).to_bytes(_LENGTH_BYTES, "big"), told, *frames]))
    return count


def _framed(definitions: Iterable[Mapping[str, Any]]) -> Iterator[list[Mapping[str, Any]]]:
    rows: list[Mapping[str, Any]] = []
    size = 0
    for definition in definitions:
        rows.append(definition)
        size += len(json.dump(definition))
        if size >= FRAME_BYTES:
            yield rows
            rows, size = [], 0
    if rows:
        yield rows
