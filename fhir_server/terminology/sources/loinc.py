"""LOINC: Loinc.csv, or the official ZIP with the table and its hierarchy.

https://loinc.org/kb/users-guide/ and https://hl7.org/fhir/R4/loinc.html
"""

import re
from collections.abc import Iterator
from pathlib import Path

from fhir_server.fhir.errors import Invalid
from fhir_server.store.concepts import Concept, Designation
from fhir_server.terminology.sources.rows import Row, rows
from fhir_server.terminology.sources.source import Edge, Source

URL = "http://loinc.org"
NOTICE = (
    "LOINC is copyright Regenstrief Institute, Inc. and the LOINC Committee: use it under the "
    "licence at https://loinc.org/license."
)
# As FHIR names LOINC's properties: https://hl7.org/fhir/R4/loinc.html
_PROPERTIES = (
    "STATUS", "COMPONENT", "PROPERTY", "TIME_ASPCT", "SYSTEM", "SCALE_TYP", "METHOD_TYP", "CLASS",
    "CLASSTYPE", "ORDER_OBS", "VersionLastChanged", "EXAMPLE_UCUM_UNITS",
)  # fmt: skip
_TEXTS = ("SHORTNAME", "CONSUMER_NAME", "DisplayName")
_INACTIVE = frozenset({"DEPRECATED", "DISCOURAGED"})
_TABLE = re.compile(r"(?:^|/)Loinc\.csv$", re.IGNORECASE)
_HIERARCHY = re.compile(r"(?:^|/)ComponentHierarchyBySystem\.csv$", re.IGNORECASE)
_VERSION = re.compile(r"(\d\.\d{2})")


def source(path: Path, version: str) -> Source:
    """Give the source of a file, folder or ZIP; Invalid where there is no Loinc.csv in it."""
    first = next(_table(path), {})
    if not {"LOINC_NUM", "LONG_COMMON_NAME"} <= first.keys():
        raise Invalid(f"{path.name} has no Loinc.csv with LOINC_NUM and LONG_COMMON_NAME.")
    named = _VERSION.search(path.name)
    return Source(
        url=URL,
        version=version or (named[1] if named else ""),
        title="LOINC",
        edges=lambda: _edges(path),
        concepts=lambda: _concepts(path),
        language="en",
        notice=NOTICE,
        properties=dict.fromkeys(_PROPERTIES, "string"),
    )


def _table(path: Path) -> Iterator[Row]:
    only = path.suffix.lower() == ".csv"
    return rows(path, lambda name: only or bool(_TABLE.search(name)), delimiter=",")


def _hierarchy(path: Path) -> Iterator[Row]:
    if path.suffix.lower() != ".csv":
        yield from rows(path, lambda name: bool(_HIERARCHY.search(name)), delimiter=",")


def _edges(path: Path) -> Iterator[Edge]:
    for row in _hierarchy(path):
        if row.get("IMMEDIATE_PARENT"):
            yield row["CODE"], row["IMMEDIATE_PARENT"]


def _concepts(path: Path) -> Iterator[Concept]:
    """Give the terms, then the parts of the hierarchy that are above them."""
    yield from map(_concept, _table(path))
    seen: set[str] = set()
    for row in _hierarchy(path):
        code = row["CODE"]
        if code.startswith("LP") and code not in seen:
            seen.add(code)
            yield Concept(code, row.get("CODE_TEXT", "") or code)


def _concept(row: Row) -> Concept:
    return Concept(
        code=row["LOINC_NUM"],
        display=row["LONG_COMMON_NAME"],
        designations=tuple(
            Designation(row[name], "en", name) for name in _TEXTS if row.get(name, "")
        ),
        properties=tuple((name, row[name]) for name in _PROPERTIES if row.get(name, "")),
        inactive=row.get("STATUS", "") in _INACTIVE,
    )
