"""The rows of a file: JSON lines, or a table with a line of column names (`.csv`)."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from extensions.judicial_record.sources import columns
from extensions.judicial_record.sources.problems import Problem
from fhir_server.fhir import json
from fhir_server.fhir.errors import Invalid

_LONGEST = 1024 * 1024
# What fits, as base64 and sealed, into one document of the database.
_MOST = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its line (from 1), its bytes as they stand in the file, the record it tells."""

    line: int
    raw: bytes
    told: dict[str, Any]
    problems: list[Problem] = field(default_factory=list)


def rows(path: Path) -> Iterator[Row]:
    """Give every row, also what cannot be read, with the reason.

    Raises Invalid for a line no database could keep, and for a table without known columns.
    """
    with path.open("rb") as file:
        lines = _Lines(file)
        yield from _table(lines) if path.suffix.lower() == ".csv" else _objects(lines)


class _Lines:
    """The lines of a file, counted; `taken` gives the bytes since it was last asked."""

    def __init__(self, file: Any) -> None:
        self._file, self._since, self.number = file, b"", 0

    def __iter__(self) -> "Iterator[str]":
        while line := self._file.readline(_MOST + 1):
            self.number += 1
            self._since += line
            if len(self._since) > _MOST:
                raise Invalid(f"Line {self.number} is over 8 MB; divide it.", code="too-long")
            yield line.decode("utf-8-sig" if self.number == 1 else "utf-8", "surrogateescape")

    def taken(self) -> bytes:
        since, self._since = self._since, b""
        return since


def _objects(lines: _Lines) -> Iterator[Row]:
    for text in lines:
        raw = lines.taken()
        if not text.strip():
            continue
        if len(raw) > _LONGEST:
            yield Row(lines.number, raw, {}, [Problem("too-long", "row")])
            continue
        try:
            told = json.parse_object(text.encode())
        except (Invalid, UnicodeEncodeError):
            yield Row(lines.number, raw, {}, [Problem("unreadable", "row")])
        else:
            yield Row(lines.number, raw, told)


def _table(lines: _Lines) -> Iterator[Row]:
    reader = csv.DictReader(iter(lines), restkey="", restval="")
    names = reader.fieldnames or ()
    if not any(columns.known(name) for name in names):
        raise Invalid("The first line of a table names its columns; none of these is known.")
    heading = lines.taken()
    while True:
        try:
            row = next(reader, None)
        except csv.Error:
            yield Row(lines.number, heading + lines.taken(), {}, [Problem("unreadable", "row")])
            continue
        if row is None:
            return
        told, problems = columns.record(row)
        raw = lines.taken()
        if len(raw) > _LONGEST:
            problems = [Problem("too-long", "row")]
        yield Row(lines.number, heading + raw, told, problems)
