"""A code system in a CSV of our own shape: columns code and display, and what else there is.

`parent` names the codes above, parted by `|`; `display:vi` is a designation in that language;
`inactive` is true or false; every other column is a property of its name.
"""

from collections.abc import Iterator
from pathlib import Path

from fhir_server.fhir.errors import Invalid
from fhir_server.store.concepts import Concept, Designation
from fhir_server.terminology.sources.rows import Row, rows
from fhir_server.terminology.sources.source import Edge, Source

_OWN = frozenset({"code", "display", "parent", "inactive", ""})
_TRUE = frozenset({"true", "1", "x", "yes"})


def source(path: Path, url: str, version: str) -> Source:
    """Give the source of a file; Invalid where it has no columns code and display."""
    first = next(_rows(path), {})
    if not {"code", "display"} <= first.keys():
        raise Invalid(
            f"{path.name} needs the columns code and display in its first line; it has "
            f"{', '.join(first)[:200] or 'none'}."
        )
    return Source(
        url=url,
        version=version,
        title=path.stem,
        edges=lambda: _edges(path),
        concepts=lambda: map(_concept, _rows(path)),
        properties=dict.fromkeys((name for name in first if _is_property(name)), "string"),
    )


def _rows(path: Path) -> Iterator[Row]:
    return rows(path, lambda name: name.lower().endswith(".csv"))


def _is_property(name: str) -> bool:
    return name not in _OWN and not name.startswith("display:")


def _edges(path: Path) -> Iterator[Edge]:
    for row in _rows(path):
        for parent in row.get("parent", "").split("|"):
            if parent.strip():
                yield row["code"].strip(), parent.strip()


def _concept(row: Row) -> Concept:
    return Concept(
        code=row["code"].strip(),
        display=row["display"].strip(),
        designations=tuple(
            Designation(text.strip(), name.partition(":")[2])
            for name, text in row.items()
            if name.startswith("display:") and text.strip()
        ),
        properties=tuple(
            (name, text.strip())
            for name, text in row.items()
            if _is_property(name) and text.strip()
        ),
        inactive=row.get("inactive", "").strip().lower() in _TRUE,
    )
