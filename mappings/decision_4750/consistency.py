"""Checks between fields and between tables: what one row alone cannot show.

Decision 4750/QĐ-BYT. What only the insurance portal minds is in portal.py.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence

from fhir_server.fhir.errors import Issue
from fhir_server.search.fold import fold
from mappings.decision_4750.portal import doubts
from mappings.decision_4750.rows import EMPTY, Row
from mappings.decision_4750.values import positions, split
from mappings.terms import dates
from mappings.terms.quantities import positive

Tables = Mapping[str, Sequence[Row]]

MAX_SECONDARY = 12
_SAME_PERSON: dict[str, Callable[[str], object]] = {
    "HO_TEN": fold,
    "NGAY_SINH": lambda text: dates.birth(text)[0],
    "GIOI_TINH": str,
}
_DAY = 8


def contradictions(facility: str, created: str, ma_lk: str, tables: Tables) -> Iterator[Issue]:
    """Give what contradicts itself in one HOSO whose rows are well made one by one.

    `facility` is the sender's code, `created` NGAYLAP; errors refuse the HOSO, warnings do not.
    """
    row = tables["XML1"][0]
    yield from _one_visit(facility, ma_lk, tables)
    yield from _one_person(row, tables)
    yield from _order_of_times(row, tables)
    yield from _future(row, created)
    yield from _lists(row)
    yield from _weights(row)
    yield from doubts(tables)


def _one_visit(facility: str, ma_lk: str, tables: Tables) -> Iterator[Issue]:
    for kind, rows in tables.items():
        for row in rows:
            if row["MA_LK"] not in {"", ma_lk}:
                place = f"{kind}[{row.place}].MA_LK"
                told = f"{place} is of another visit than XML1; send each visit in its own HOSO."
                yield Issue("conflict", told, place)
    for kind in ("XML1", "XML13", "XML14"):
        said = _first(tables, kind)["MA_CSKCB"]
        if said not in {"", facility}:
            told = f"{kind}.MA_CSKCB is not the facility that sends the envelope (MACSKCB)."
            yield Issue("conflict", told, f"{kind}.MA_CSKCB")


def _one_person(row: Row, tables: Tables) -> Iterator[Issue]:
    for kind in ("XML13", "XML14"):
        paper = _first(tables, kind)
        for field, read in _SAME_PERSON.items():
            if paper[field] and read(paper[field]) != read(row[field]):
                told = f"{kind}.{field} differs from XML1; both must be of the same person."
                yield Issue("conflict", told, f"{kind}.{field}")


def _order_of_times(row: Row, tables: Tables) -> Iterator[Issue]:
    arrived, left = row["NGAY_VAO"], row["NGAY_RA"]
    if left and _before(left, arrived):
        yield Issue("value", "XML1.NGAY_RA is before XML1.NGAY_VAO.", "XML1.NGAY_RA")
    if _before(arrived[:_DAY], row["NGAY_SINH"][:_DAY].rstrip("0")):
        yield Issue("value", "XML1.NGAY_SINH is after XML1.NGAY_VAO.", "XML1.NGAY_SINH")
    for kind, field, other, bound in (
        ("XML1", "NGAY_VAO_NOI_TRU", "NGAY_VAO", arrived),
        ("XML14", "NGAY_HEN_KL", "NGAY_RA", left),
        *((kind, "NGAY_CT", "NGAY_VAO", arrived) for kind in ("XML7", "XML8", "XML14")),
    ):
        said = _first(tables, kind)[field]
        if said and bound and _before(said, bound):
            told = f"{kind}.{field} is before XML1.{other}."
            yield Issue("value", told, f"{kind}.{field}", "warning")


def _future(row: Row, created: str) -> Iterator[Issue]:
    for field in ("NGAY_VAO", "NGAY_RA"):
        if row[field] and _before(created, row[field]):
            told = f"XML1.{field} is after NGAYLAP, {created}, the day the envelope was made."
            yield Issue("value", told, f"XML1.{field}", "warning")


def _before(text: str, other: str) -> bool:
    """Compare two decree dates as far as both are known."""
    known = min(len(text), len(other))
    return text[:known] < other[:known]


def _lists(row: Row) -> Iterator[Issue]:
    cards = len(positions(row["MA_THE_BHYT"]))
    for field in ("MA_DKBD", "GT_THE_TU", "GT_THE_DEN"):
        if row[field] and len(positions(row[field])) != cards:
            told = f"XML1.{field} does not have one value per card of XML1.MA_THE_BHYT."
            yield Issue("value", told, f"XML1.{field}", "warning")
    if len(split(row["MA_BENH_KT"])) > MAX_SECONDARY:
        told = f"XML1.MA_BENH_KT has more than {MAX_SECONDARY} codes."
        yield Issue("value", told, "XML1.MA_BENH_KT", "warning")


def _weights(row: Row) -> Iterator[Issue]:
    for field in ("CAN_NANG", "CAN_NANG_CON"):
        if not all(positive(part) for part in split(row[field])):
            told = f"XML1.{field} is not a weight; it is kept in the raw document only."
            yield Issue("value", told, f"XML1.{field}", "warning")


def _first(tables: Tables, kind: str) -> Row:
    return next(iter(tables.get(kind, ())), EMPTY)
