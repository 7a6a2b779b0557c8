"""Pieces: what is to be validated, a file or a run of lines of an NDJSON file at a time.

https://hl7.org/fhir/uv/bulkdata/export.html
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

SUFFIXES = (".json", ".xml", ".ndjson")
LINES = ".ndjson"
# A piece of an NDJSON file ends after so many lines, or so many bytes.
_MOST_LINES, _MOST_BYTES = 200, 1024 * 1024


@dataclass(frozen=True, slots=True)
class Piece:
    """A whole file, or lines of one with their numbers; `unread` says why it cannot be read.

    A line over the limit is there with one byte more than the limit. `size` is how many bytes of
    the file are done with this piece.
    """

    file: Path
    size: int
    lines: tuple[tuple[int, bytes], ...] | None = None
    unread: str = ""


def files(paths: Sequence[Path], besides: Path | None) -> list[Path]:
    """Give the files of these paths, in the order of their names in each folder.

    A path that is a file is taken whatever it is called; `besides`, the report, is not.
    """
    found = [one for path in paths for one in ([path] if path.is_file() else _inside(path))]
    own = besides.resolve() if besides else None
    return [one for one in dict.fromkeys(found) if one.resolve() != own]


def _inside(folder: Path) -> list[Path]:
    return sorted(
        one for one in folder.rglob("*") if one.suffix.lower() in SUFFIXES and one.is_file()
    )


def pieces(file: Path, limit: int) -> Iterator[Piece]:
    """Yield a file in pieces; of NDJSON never more than a few lines are in memory."""
    try:
        if file.suffix.lower() != LINES:
            yield Piece(file, file.stat().st_size)
            return
        with file.open("rb") as stream:
            yield from _runs(file, stream, limit)
    except OSError as error:
        yield Piece(file, 0, unread=f"The file cannot be read: {error.strerror or error}")


def _runs(file: Path, stream: BinaryIO, limit: int) -> Iterator[Piece]:
    waiting: list[tuple[int, bytes]] = []
    size = 0
    for number, (line, length) in enumerate(_lines(stream, limit), 1):
        size += length
        if line.strip():
            waiting.append((number, line))
        if len(waiting) == _MOST_LINES or size >= _MOST_BYTES:
            yield Piece(file, size, tuple(waiting))
            waiting, size = [], 0
    yield Piece(file, size, tuple(waiting))


def _lines(stream: BinaryIO, limit: int) -> Iterator[tuple[bytes, int]]:
    """Yield each line, cut off after `limit` and a byte, and how long it is."""
    while line := stream.readline(limit + 1):
        length, rest = len(line), line
        while len(rest) > limit and not rest.endswith(b"\n"):
            rest = stream.readline(limit + 1)
            length += len(rest)
        yield line, length
