"""ICD-10: the WHO's ClaML, or the Ministry of Health's list saved as CSV.

https://www.who.int/standards/classifications/classification-of-diseases
"""

from collections.abc import Iterator
from pathlib import Path

from fhir_server.fhir.errors import Invalid
from fhir_server.search.fold import fold
from fhir_server.store.concepts import Concept, Designation
from fhir_server.terminology.sources import claml
from fhir_server.terminology.sources.rows import Row, rows
from fhir_server.terminology.sources.source import Edge, Source

URL = "http://hl7.org/fhir/sid/icd-10"
NOTICE = "ICD-10 is the World Health Organization's: use it under its licence."

# Column → its headings, folded: letters without accents, words parted by one space.
_HEADINGS = {
    "code": ("code", "ma", "ma benh", "ma icd", "ma icd 10", "ma icd10"),
    "vi": ("vi", "ten benh", "ten tieng viet", "ten benh tieng viet", "ten viet"),
    "en": ("en", "disease name", "ten tieng anh", "ten benh tieng anh", "english name"),
    "chapter": ("chapter", "chuong", "ma chuong"),
    "chapter-name": ("chapter name", "ten chuong"),
    "block": ("block", "nhom", "ma nhom", "ma nhom chinh"),
    "block-name": ("block name", "ten nhom", "ten nhom chinh"),
    "not-primary": ("not primary", "khong la benh chinh", "khong dung lam benh chinh"),
    "discouraged-primary": ("discouraged primary", "khong khuyen khich la benh chinh"),
    "not-used": ("not used", "khong su dung", "khong duoc su dung"),
    "death-only": ("death only", "chi dung cho tu vong", "nguyen nhan tu vong"),
    "female": ("female", "chi dung cho nu", "nu"),
    "male": ("male", "chi dung cho nam", "nam"),
}
_COLUMNS = {heading: column for column, found in _HEADINGS.items() for heading in found}
# What circular 06/2026/TT-BYT says of a code.
_FLAGS = ("not-primary", "discouraged-primary", "not-used", "death-only", "female", "male")
_NO = frozenset({"", "0", "false", "khong", "no"})


def source(path: Path, version: str) -> Source:
    """Give the source of a file; Invalid where it is neither ClaML nor has the columns."""
    if path.suffix.lower() == ".xml":
        return claml.source(path, URL, version, NOTICE)
    first = next(_rows(path), {})
    if not {"code", "vi"} <= first.keys():
        raise Invalid(
            f"{path.name} needs a column for the code (Mã bệnh) and one for its Vietnamese name "
            "(Tên bệnh); docs/terminology.md lists the headings that are read."
        )
    return Source(
        url=URL,
        version=version,
        title="ICD-10",
        edges=lambda: _edges(path),
        concepts=lambda: _concepts(path),
        language="vi",
        notice=NOTICE,
        properties=dict.fromkeys(_FLAGS, "boolean"),
    )


def _rows(path: Path) -> Iterator[Row]:
    for row in rows(path, lambda name: name.lower().endswith(".csv")):
        found = {_COLUMNS.get(fold(name), ""): text.strip() for name, text in row.items()}
        if found.get("code") or "code" not in found:
            yield {**found, "code": found["code"].rstrip("*†+")} if "code" in found else found


def _edges(path: Path) -> Iterator[Edge]:
    codes = {row["code"] for row in _rows(path)}
    for row in _rows(path):
        code, block, chapter = row["code"], row.get("block", ""), row.get("chapter", "")
        above = _category(code, codes)
        if above or block or chapter:
            yield code, above or block or chapter
        if block and chapter:
            yield block, chapter


def _category(code: str, codes: set[str]) -> str:
    """Give the longest code there is that this one begins with: `A00.01` → `A00.0` → `A00`."""
    beginnings = (code[:length].rstrip(".") for length in range(len(code) - 1, 2, -1))
    return next((one for one in beginnings if one in codes), "")


def _concepts(path: Path) -> Iterator[Concept]:
    codes = {row["code"] for row in _rows(path)}
    for row in _rows(path):
        for kind in ("chapter", "block"):
            code = row.get(kind, "")
            if code and code not in codes:
                codes.add(code)
                yield Concept(code, row.get(f"{kind}-name", "") or code)
        yield _concept(row)


def _concept(row: Row) -> Concept:
    english = row.get("en", "")
    return Concept(
        code=row["code"],
        display=row["vi"],
        designations=(Designation(english, "en"),) if english else (),
        properties=tuple((flag, "true") for flag in _FLAGS if fold(row.get(flag, "")) not in _NO),
        inactive=fold(row.get("not-used", "")) not in _NO,
    )
