"""The decree's tables (tables.csv): which fields they have, and what each may hold on a day.

https://thuvienphapluat.vn (Decision 130/QĐ-BYT, amended by Decision 4750/QĐ-BYT)
"""

import csv
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files

from mappings.decision_4750 import values
from mappings.terms import codes

RAW = "raw"
SAME_AS_SUMMARY = "= XML1"
# FHIR's limit, for fields the decree leaves open: https://hl7.org/fhir/R4/datatypes.html#string
LONGEST_STRING = 1024 * 1024

# Kind → (root element, list element, row element); a table without a list has one row, its root.
SHAPES = {
    "XML1": ("TONG_HOP", "", ""),
    "XML2": ("CHITIEU_CHITIET_THUOC", "DSACH_CHI_TIET_THUOC", "CHI_TIET_THUOC"),
    "XML3": ("CHITIEU_CHITIET_DVKT_VTYT", "DSACH_CHI_TIET_DVKT", "CHI_TIET_DVKT"),
    "XML4": ("CHITIEU_CHITIET_DICHVUCANLAMSANG", "DSACH_CHI_TIET_CLS", "CHI_TIET_CLS"),
    "XML5": (
        "CHITIEU_CHITIET_DIENBIENLAMSANG",
        "DSACH_CHI_TIET_DIEN_BIEN_BENH",
        "CHI_TIET_DIEN_BIEN_BENH",
    ),
    "XML6": (
        "CHI_TIEU_HO_SO_BENH_AN_CHAM_SOC_VA_DIEU_TRI_HIV_AIDS",
        "DSACH_HO_SO_BENH_AN_CHAM_SOC_VA_DIEU_TRI_HIV_AIDS",
        "HO_SO_BENH_AN_CHAM_SOC_VA_DIEU_TRI_HIV_AIDS",
    ),
    "XML7": ("CHI_TIEU_DU_LIEU_GIAY_RA_VIEN", "", ""),
    "XML8": ("CHI_TIEU_DU_LIEU_TOM_TAT_HO_SO_BENH_AN", "", ""),
    "XML9": ("CHI_TIEU_DU_LIEU_GIAY_CHUNG_SINH", "DSACH_GIAYCHUNGSINH", "DU_LIEU_GIAY_CHUNG_SINH"),
    "XML10": ("CHI_TIEU_DU_LIEU_GIAY_NGHI_DUONG_THAI", "", ""),
    "XML11": ("CHI_TIEU_DU_LIEU_GIAY_CHUNG_NHAN_NGHI_VIEC_HUONG_BAO_HIEM_XA_HOI", "", ""),
    "XML13": ("CHI_TIEU_GIAYCHUYENTUYEN", "", ""),
    "XML14": ("CHI_TIEU_GIAYHEN_KHAMLAI", "", ""),
    "XML15": (
        "CHI_TIEU_DIEUTRI_BENHLAO",
        "DSACH_CHITIET_DIEUTRI_BENHLAO",
        "CHITIET_DIEUTRI_BENHLAO",
    ),
}
MAPPED = ("XML1", "XML2", "XML3", "XML4", "XML5", "XML7", "XML8", "XML13", "XML14")


@dataclass(frozen=True, slots=True)
class Field:
    """One line of tables.csv.

    `longest` is in characters; `shape` is a key of values.FORMATS or empty; `required` is must
    (without it the visit is refused), portal (the insurance portal asks for it), conditional or
    empty; `fault` says what is wrong with a value, or gives an empty string; `since` and `until`
    are days, yyyy-mm-dd, both included.
    """

    table: str
    position: int
    name: str
    longest: int
    numeric: bool
    shape: str
    required: str
    codes: str
    aliases: tuple[str, ...]
    fhir: str
    meaning: str
    since: str
    until: str
    fault: Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Layout:
    """A table on one day: element name (or alias) → Field, and the fields that are asked for."""

    by_tag: dict[str, Field]
    must: tuple[Field, ...]
    wanted: tuple[Field, ...]


@cache
def fields() -> tuple[Field, ...]:
    """Give every line of tables.csv, in its order."""
    text = (files("mappings.decision_4750") / "tables.csv").read_text("utf-8")
    return tuple(_field(row) for row in csv.DictReader(text.splitlines()))


def layout(kind: str, day: str) -> Layout:
    """Give the layout of a table for documents made on `day`, yyyymmdd."""
    return _layout(kind, max((start for start in _starts() if start <= day), default=""))


@lru_cache(maxsize=256)
def _layout(kind: str, start: str) -> Layout:
    day = f"{start[:4]}-{start[4:6]}-{start[6:]}" if start else "0000-00-00"
    valid = [
        field
        for field in fields()
        if field.table == kind and field.since <= day and (not field.until or day <= field.until)
    ]
    by_tag = {tag: field for field in valid for tag in (field.name, *field.aliases)}
    return Layout(
        by_tag,
        tuple(field for field in valid if field.required == "must"),
        # What is kept in the raw document only is not asked for: nothing here depends on it.
        tuple(field for field in valid if field.required == "portal" and field.fhir != RAW),
    )


@cache
def _starts() -> tuple[str, ...]:
    return tuple(sorted({field.since.replace("-", "") for field in fields() if field.since}))


def _field(row: dict[str, str]) -> Field:
    numeric = row["type"] == "number"
    return Field(
        table=row["table"],
        position=int(row["position"]),
        name=row["field"],
        longest=int(row["max"] or LONGEST_STRING),
        numeric=numeric,
        shape=row["format"],
        required=row["required"],
        codes=row["list"],
        aliases=tuple(row["aliases"].split()),
        fhir=row["fhir"],
        meaning=row["meaning_en"],
        since=row["since"],
        until=row["until"],
        fault=_fault(row["format"], row["list"], numeric=numeric),
    )


def _fault(shape: str, name: str, *, numeric: bool) -> Callable[[str], str]:
    known = codes.lists().get(name, {})
    if any(code.strict for code in known.values()):
        return values.one_of(known)
    if shape:
        return values.FORMATS[shape]
    return values.number if numeric else values.anything
