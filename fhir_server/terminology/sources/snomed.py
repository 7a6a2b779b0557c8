"""SNOMED CT: an RF2 snapshot, as folder or ZIP.

Descriptions and relationships are in files of their own, in no order: they are sorted in a
temporary database file, not in memory. https://docs.snomed.org/snomed-ct-specifications
"""

import re
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path

from fhir_server.fhir.errors import Invalid
from fhir_server.store.concepts import Concept, Designation
from fhir_server.terminology.sources.rows import Row, rows
from fhir_server.terminology.sources.source import Edge, Source

URL = "http://snomed.info/sct"
NOTICE = (
    "SNOMED CT is SNOMED International's: use it under an affiliate licence, or in a member "
    "country. Whether Viet Nam is one is to be checked."
)
_IS_A = "116680003"
_FULL_NAME, _PREFERRED = "900000000000003001", "900000000000548007"
_PRIMITIVE = "900000000000074008"
_INTERNATIONAL = "900000000000207008"
_DATE = re.compile(r"_(\d{8})(?:T\d{6}Z)?\.txt$")

_TABLES = """
CREATE TABLE text (id TEXT, concept TEXT, language TEXT, kind TEXT, term TEXT);
CREATE TABLE preferred (id TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE attribute (concept TEXT, name TEXT, value TEXT);
"""
_INDEXES = """
CREATE INDEX of_text ON text (concept);
CREATE INDEX of_attribute ON attribute (concept);
"""


def source(path: Path, version: str, module: str = _INTERNATIONAL) -> Source:
    """Give the source of a release; Invalid where it has no snapshot of concepts."""
    if next(_active(path, "sct2_Concept_"), None) is None:
        raise Invalid(f"{path.name} has no sct2_Concept_Snapshot… with an active concept.")
    date = version or _released(path)
    plain = date.isdigit() and bool(date)
    return Source(
        url=URL,
        version=f"{URL}/{module}/version/{date}" if plain else date,
        title="SNOMED CT",
        edges=lambda: _edges(path),
        concepts=lambda: _concepts(path),
        language="en",
        notice=NOTICE,
        properties={"moduleId": "code", "sufficientlyDefined": "boolean"},
    )


def _released(path: Path) -> str:
    """Give the date in the name of the file of concepts."""
    named: list[str] = []

    def fits(name: str) -> bool:
        found = _DATE.search(name)
        if found and "sct2_Concept_Snapshot" in name:
            named.append(found[1])
        return bool(named)

    next(rows(path, fits, delimiter="\t"), None)
    return named[0] if named else ""


def _file(path: Path, name: str) -> Iterator[Row]:
    wanted = re.compile(rf"(?:^|/)x?{name}[^/]*Snapshot[^/]*\.txt$")
    return rows(path, lambda there: bool(wanted.search(there)), delimiter="\t")


def _active(path: Path, name: str) -> Iterator[Row]:
    return (row for row in _file(path, name) if row.get("active") == "1")


def _edges(path: Path) -> Iterator[Edge]:
    for row in _active(path, "sct2_Relationship_"):
        if row["typeId"] == _IS_A:
            yield row["sourceId"], row["destinationId"]


def _concepts(path: Path) -> Iterator[Concept]:
    # An empty name is a file of SQLite's own, deleted when it is closed.
    with closing(sqlite3.connect("", isolation_level=None)) as sorted_:
        sorted_.executescript(_TABLES)
        sorted_.execute("BEGIN")
        sorted_.executemany("INSERT INTO text VALUES (?, ?, ?, ?, ?)", _texts(path))
        sorted_.executemany("INSERT OR IGNORE INTO preferred VALUES (?)", _preferred(path))
        sorted_.executemany("INSERT INTO attribute VALUES (?, ?, ?)", _attributes(path))
        sorted_.execute("COMMIT")
        sorted_.executescript(_INDEXES)
        for row in _file(path, "sct2_Concept_"):
            yield _concept(sorted_, row)


def _texts(path: Path) -> Iterable[tuple[str, ...]]:
    names = ("id", "conceptId", "languageCode", "typeId", "term")
    return (tuple(row[name] for name in names) for row in _active(path, "sct2_Description_"))


def _preferred(path: Path) -> Iterable[tuple[str]]:
    for row in _active(path, "der2_cRefset_Language"):
        if row["acceptabilityId"] == _PREFERRED:
            yield (row["referencedComponentId"],)


def _attributes(path: Path) -> Iterable[tuple[str, ...]]:
    for row in _active(path, "sct2_Relationship_"):
        if row["typeId"] != _IS_A:
            yield row["sourceId"], row["typeId"], row["destinationId"]


def _concept(sorted_: sqlite3.Connection, row: Row) -> Concept:
    code = row["id"]
    texts = sorted_.execute(
        "SELECT term, language, kind, preferred.id IS NOT NULL FROM text "
        "LEFT JOIN preferred USING (id) WHERE concept = ? ORDER BY 4 DESC, text.id",
        (code,),
    ).fetchall()
    display = min(texts, key=lambda one: (one[2] == _FULL_NAME, not one[3]), default=(code,))[0]
    attributes = sorted_.execute(
        "SELECT DISTINCT name, value FROM attribute WHERE concept = ? ORDER BY 1, 2", (code,)
    ).fetchall()
    defined = str(row["definitionStatusId"] != _PRIMITIVE).lower()
    return Concept(
        code=code,
        display=display,
        designations=tuple(
            Designation(term, language, kind)
            for term, language, kind, _ in texts
            if term != display
        ),
        properties=(
            ("moduleId", row["moduleId"]),
            ("sufficientlyDefined", defined),
            *attributes,
        ),
        inactive=row["active"] != "1",
    )
