"""A visit → the XML a hospital's software sends: GIAMDINHHS with its tables in base64.

Decision 4750/QĐ-BYT, official letter 1245/BHXH-CNTT (2024). Fields stand in the tables' own order
(decision_4750/tables.csv), the empty ones too.
"""

from base64 import b64encode
from collections.abc import Iterable, Iterator
from functools import cache

from mappings.decision_4750.tables import SHAPES, fields
from mappings.synthetic import papers, record
from mappings.synthetic.charges import bill
from mappings.synthetic.keys import Values, code, day
from mappings.synthetic.plan import Citizen, plan
from mappings.synthetic.visits import Visit

_HEAD = '<?xml version="1.0" encoding="utf-8"?>\n'
_SPACES = (
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
    'xmlns:xsd="http://www.w3.org/2001/XMLSchema"'
)
_ENVELOPE = f"""{_HEAD}<GIAMDINHHS {_SPACES}>
<THONGTINDONVI>
<MACSKCB>%s</MACSKCB>
</THONGTINDONVI>
<THONGTINHOSO>
<NGAYLAP>%s</NGAYLAP>
<SOLUONGHOSO>1</SOLUONGHOSO>
<DANHSACHHOSO>
<HOSO>
%s</HOSO>
</DANHSACHHOSO>
</THONGTINHOSO>
<CHUKYDONVI/>
</GIAMDINHHS>
"""
_FILE = """<FILEHOSO>
<LOAIHOSO>%s</LOAIHOSO>
<NOIDUNGFILE>%s</NOIDUNGFILE>
</FILEHOSO>
"""


def synthesise(seed: int, citizens: int) -> Iterator[bytes]:
    """Give one envelope per visit, UTF-8 XML: citizens 0 to `citizens` - 1 in order, visits too."""
    for number in range(citizens):
        citizen = plan(seed, number)
        for visit in citizen.visits:
            yield envelope(citizen, visit)


def envelope(citizen: Citizen, visit: Visit) -> bytes:
    """Give the envelope of one visit, made on the day the patient left."""
    files = "".join(
        _FILE % (kind, b64encode(_table(kind, rows).encode()).decode())
        for kind, rows in _tables(citizen, visit)
    )
    return (_ENVELOPE % (code(visit.occasion.facility), day(visit.left), files)).encode()


def _tables(citizen: Citizen, visit: Visit) -> Iterator[tuple[str, Iterable[Values]]]:
    """Give the tables that have a row, in the decree's order."""
    person = citizen.person
    owed = bill(person, visit)
    said = record.summary(person, visit, owed)
    yield "XML1", [said]
    for kind, rows in (
        ("XML2", owed.medicines),
        ("XML3", owed.services),
        ("XML4", list(record.results(person, visit))),
    ):
        if rows:
            yield kind, rows
    yield "XML5", record.course(person, visit)
    if visit.admitted:
        yield "XML7", [papers.discharge_paper(visit, said)]
        yield "XML8", [papers.record_summary(visit, said)]
    if visit.referred_to:
        yield "XML13", [papers.referral(person, visit, said)]
    if visit.follow_up:
        yield "XML14", [papers.follow_up_slip(person, visit, said)]


def _table(kind: str, rows: Iterable[Values]) -> str:
    start, row, end, blank = _template(kind)
    return start + "".join([row % (blank | values) for values in rows]) + end


@cache
def _template(kind: str) -> tuple[str, str, str, Values]:
    """Give what stands before the rows, one row with %(FIELD)s, what stands after, and no values.

    A table without a list is its own only row.
    """
    names = list(dict.fromkeys(field.name for field in fields() if field.table == kind))
    outer, listed, record_name = SHAPES[kind]
    row = "".join(f"<{name}>%({name})s</{name}>\n" for name in names)
    row = row.replace("<DU_PHONG>%(DU_PHONG)s</DU_PHONG>", "<DU_PHONG/>")
    blank = dict.fromkeys(names, "")
    if not record_name:
        return f"{_HEAD}<{outer}>\n", row, f"</{outer}>", blank
    start = f"{_HEAD}<{outer}>\n<{listed}>\n"
    one = f"<{record_name}>\n{row}</{record_name}>\n"
    return start, one, f"</{listed}>\n</{outer}>", blank
