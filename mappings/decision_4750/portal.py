"""What the insurance portal checks beyond a row, as warnings: sums, days, numbers, papers.

Official letter 1245/BHXH-CNTT (2024) and the portal's list of checks. Care goes before claims: what
the portal would send back is told, and stored all the same.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal

from fhir_server.fhir.errors import Issue
from mappings.decision_4750.rows import EMPTY, Row
from mappings.terms import dates
from mappings.terms.identifiers import (
    citizen_number,
    is_insurance_card,
    is_personal_number,
    tells,
)

Tables = Mapping[str, Sequence[Row]]

# Field of XML1 → the field of XML2 and XML3 it is the sum of.
SUMS = {"T_TONGCHI_BV": "THANH_TIEN_BV", "T_TONGCHI_BH": "THANH_TIEN_BH"}
NO_DAYS = {"01", "07", "09"}
WHOLE_DAYS = {"02", "03", "04", "06"}
SUMMARISED = {"03", "04", "06"}
REFERRED = {"2", "5"}
NEWBORN = timedelta(days=28)
VIETNAM = "000"
_ICD = re.compile(r"[A-Z]\d\d(\.?[0-9A-Z]{1,3})?[†*+]?", re.ASCII)
_DONG = Decimal(1)
_NAMES = ("MA_DICH_VU", "TEN_DICH_VU", "MA_VAT_TU", "TEN_VAT_TU", "MA_XANG_DAU")
_DAY = 8


def doubts(tables: Tables) -> Iterator[Issue]:
    """Give the warnings on one HOSO whose rows are well made one by one."""
    row = tables["XML1"][0]
    yield from _sums(row, tables)
    yield from _days(row)
    yield from _numbers(row)
    yield from _newborn(row)
    yield from _papers(row, tables)


def _sums(row: Row, tables: Tables) -> Iterator[Issue]:
    parts = [part for kind in ("XML2", "XML3") for part in tables.get(kind, ())]
    for field, column in SUMS.items():
        if not (row[field] and parts):
            continue
        found = sum((Decimal(part[column] or 0) for part in parts), Decimal(0))
        if abs(found - Decimal(row[field])) >= _DONG:
            told = f"XML1.{field} is {row[field]}, {column} of XML2 and XML3 adds up to {found}."
            yield _warning(told, f"XML1.{field}")


def _days(row: Row) -> Iterator[Issue]:
    said, kind = row["SO_NGAY_DTRI"], row["MA_LOAI_KCB"]
    asked = _treatment_days(row) if kind in WHOLE_DAYS else 0 if kind in NO_DAYS else None
    if said and asked is not None and Decimal(said) != asked:
        told = f"XML1.SO_NGAY_DTRI is {said}; for MA_LOAI_KCB {kind} it must be {asked}."
        yield _warning(told, "XML1.SO_NGAY_DTRI")


def _treatment_days(row: Row) -> int | None:
    return (_day(row["NGAY_RA"]) - _day(row["NGAY_VAO"])).days + 1 if row["NGAY_RA"] else None


def _numbers(row: Row) -> Iterator[Issue]:
    number = row["SO_CCCD"]
    vietnamese = row["MA_QUOCTICH"] in {"", VIETNAM}
    if number and not is_personal_number(number, vietnamese=vietnamese):
        told = "XML1.SO_CCCD is no citizen number (12 digits), identity card (9) or passport."
        yield _warning(told, "XML1.SO_CCCD")
    born = row["NGAY_SINH"][:4]
    if citizen_number(number) and not tells(number, row["GIOI_TINH"], born):
        told = "XML1.SO_CCCD tells another sex or year of birth than GIOI_TINH and NGAY_SINH."
        yield _warning(told, "XML1.SO_CCCD")
    for field in ("MA_BENH_CHINH", "MA_BENH_KT"):
        if not all(map(_ICD.fullmatch, row.many(field))):
            told = f"XML1.{field} holds what is no ICD-10 code; separate codes by a semicolon."
            yield _warning(told, f"XML1.{field}")
    if not all(map(is_insurance_card, row.many("MA_THE_BHYT"))):
        told = "XML1.MA_THE_BHYT holds what is no card: 15 characters, 10 digits or 12 digits."
        yield _warning(told, "XML1.MA_THE_BHYT")


def _newborn(row: Row) -> Iterator[Issue]:
    born, time = dates.birth(row["NGAY_SINH"])
    known = len(born) == len("yyyy-mm-dd")
    if known and not time and _day(row["NGAY_VAO"]) - date.fromisoformat(born) <= NEWBORN:
        told = "XML1.NGAY_SINH has no time; of a child of at most 28 days send it, yyyymmddHHMM."
        yield _warning(told, "XML1.NGAY_SINH")


def _papers(row: Row, tables: Tables) -> Iterator[Issue]:
    if tables.get("XML8") and row["MA_LOAI_KCB"] not in SUMMARISED:
        told = "XML8 is for stays only (MA_LOAI_KCB 03, 04, 06); it is stored all the same."
        yield _warning(told, "XML8")
    referred = row["MA_LOAI_RV"] in REFERRED
    if referred and not row["MA_NOI_DEN"]:
        told = "XML1.MA_NOI_DEN is empty for a referred patient; name the receiving facility."
        yield _warning(told, "XML1.MA_NOI_DEN", "required")
    if tables.get("XML13") and row["MA_LOAI_RV"] and not referred:
        told = f"There is a referral letter, XML13, but XML1.MA_LOAI_RV is {row['MA_LOAI_RV']}."
        yield _warning(told, "XML1.MA_LOAI_RV")
    letter = next(iter(tables.get("XML13", ())), EMPTY)["MA_NOI_DEN"]
    if letter not in {"", row["MA_NOI_DEN"]}:
        told = f"XML13.MA_NOI_DEN is {letter}, XML1 refers to {row['MA_NOI_DEN'] or 'nobody'}."
        yield _warning(told, "XML13.MA_NOI_DEN")
    yield from _rows(tables)


def _rows(tables: Tables) -> Iterator[Issue]:
    for service in tables.get("XML3", ()):
        if not any(service[name] for name in _NAMES):
            place = f"XML3[{service.place}]"
            told = f"{place} names neither a service nor a supply; it stays in the raw document."
            yield _warning(told, place)
    for result in tables.get("XML4", ()):
        if result["GIA_TRI"] and not result["NGAY_KQ"]:
            place = f"XML4[{result.place}].NGAY_KQ"
            told = f"{place} is empty beside a result; send the time of the result."
            yield _warning(told, place, "required")


def _day(text: str) -> date:
    return date.fromisoformat(dates.day(text[:_DAY]))


def _warning(told: str, place: str, code: str = "value") -> Issue:
    return Issue(code, told, place, "warning")
