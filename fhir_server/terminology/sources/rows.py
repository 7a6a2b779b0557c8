"""Rows: a CSV file, also one inside a ZIP, read line by line under the names in its first line."""

import csv
import io
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Any

from fhir_server.fhir.errors import Invalid

Row = Mapping[str, str]

# A cell longer than this is no text of a code system.
MAX_CELL = 1024 * 1024
# What a ZIP may unpack to: SNOMED CT's largest file has some 1 GB.
MAX_FILE = 8 * 1024**3


@contextmanager
def lines(path: Path, fits: Callable[[str], bool]) -> Iterator[Iterator[str] | None]:
    """Give the lines of a file, or of the first that fits in a ZIP or folder; None without one.

    UTF-8, with or without a BOM. Raises Invalid for a ZIP that is broken or unpacks to too much.
    """
    if path.is_dir():
        inner = next((one for one in sorted(path.rglob("*")) if fits(one.as_posix())), None)
        if inner is None:
            yield None
            return
        path = inner
    elif zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            infos = sorted(archive.infolist(), key=lambda one: one.filename)
            info = next((one for one in infos if fits(one.filename)), None)
            if info is None:
                yield None
                return
            if info.file_size > MAX_FILE:
                raise Invalid(f"{info.filename} unpacks to more than {MAX_FILE} bytes.")
            with archive.open(info) as file:
                yield io.TextIOWrapper(file, "utf-8-sig", newline="")
        return
    with path.open(encoding="utf-8-sig", newline="") as file:
        yield file


def rows(path: Path, fits: Callable[[str], bool], *, delimiter: str = "") -> Iterator[Row]:
    """Give each row by the names in the first line; nothing where no file fits.

    Without a `delimiter` it is the one of `,` `;` and tab that is most frequent in the first line.
    With tabs quotes mean nothing, as in SNOMED's files. Raises Invalid naming the line.
    """
    number = 0
    try:
        with lines(path, fits) as found:
            reader = _reader(found or iter(()), delimiter)
            names = [name.strip() for name in next(reader, [])]
            for row in reader:
                number = reader.line_num
                if len(row) > len(names):
                    told = f"Line {number} of {path.name} has more cells than the first."
                    raise Invalid(told, code="structure")
                if any(row):
                    yield dict(zip(names, row, strict=False))
    except (csv.Error, UnicodeDecodeError, zipfile.BadZipFile) as error:
        told = f"{path.name} cannot be read after line {number}: {error}."
        raise Invalid(told, code="structure") from None


def _reader(found: Iterator[str], delimiter: str) -> Any:
    csv.field_size_limit(MAX_CELL)
    first = next(found, "")
    chosen = delimiter or max(",;\t", key=first.count)
    told = chain((first,), found)
    if chosen == "\t":
        return csv.reader(told, delimiter=chosen, quoting=csv.QUOTE_NONE)
    return csv.reader(told, delimiter=chosen)
