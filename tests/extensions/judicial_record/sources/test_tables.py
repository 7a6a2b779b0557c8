"""Tables: columns become records, and every cell that cannot be read is refused with its reason."""

import pytest

from extensions.judicial_record.sources import columns, quarantine, records
from extensions.judicial_record.sources.importing import import_files
from extensions.judicial_record.sources.matching import check
from fhir_server.fhir.errors import Invalid
from tests.extensions.judicial_record.sources.told import coded, document

ROW = {
    "hoTen": "NGUYỄN VĂN THỬ",
    "ngaySinh": "17/5/1980",
    "gioiTinh": "Nam",
    "soCCCD": "099080000001",
    "soCMND": "990000001",
    "soBanAn": "12/2019/HS-ST",
    "ngayBanAn": "4/3/2019",
    "toaDaTuyen": "TÒA ÁN THỬ NGHIỆM",
    "capXetXu": "Sơ thẩm",
    "toiDanh": "Trộm cắp tài sản; Gây rối trật tự",
    "dieuKhoan": "Điều 173; Điều 318",
    "hinhPhatChinh": "fixed-term;fine",
    "thoiHanThang": "24",
    "anTreo": "có",
    "tienPhat": ";5.000.000",
    "anPhi": "200 000",
}


@pytest.fixture
def table(office, tmp_path):
    """Give what imports rows of a table; gives the report."""

    def take(*rows, text=""):
        path = tmp_path / "rows.csv"
        names = list(dict.fromkeys(name for row in rows for name in row))
        lines = [",".join(names), *(",".join(row.get(name, "") for name in names) for row in rows)]
        path.write_text(text or "\n".join(lines) + "\n", encoding="utf-8-sig")
        (report,) = import_files(office, [path])
        return report.told()

    return take


def test_a_row_becomes_the_record_a_form_copies(office, table):
    assert table(ROW)["kept"] == 1
    person = {"name": "NGUYỄN VĂN THỬ", "birthDate": "1980-05-17"}
    match = check(office, person | {"identityDocument": [document("099080000001")]})
    assert match.kind == "hit"
    (told,) = records.of(office, match.records)
    assert told["judgmentDate"] == "2019-03-04"
    assert told["instance"] == "first-instance"
    assert told["offence"] == [
        {"text": "Trộm cắp tài sản", "provision": [{"text": "Điều 173"}]},
        {"text": "Gây rối trật tự", "provision": [{"text": "Điều 318"}]},
    ]
    prison, fine = told["principalPenalty"]
    assert prison["type"] == coded("principal-penalty", "fixed-term")
    assert (prison["duration"]["value"], prison["suspended"]) == (24, True)
    assert fine["amount"] == {"value": 5_000_000, "currency": "VND"}
    assert told["courtFee"] == {"value": 200_000, "currency": "VND"}


def test_a_ban_and_a_paper_have_columns_too(office, table):
    person = {name: ROW[name] for name in ("hoTen", "ngaySinh", "soCCCD")}
    ban = {"loai": "Cấm", "soQuyetDinhCam": "3/2020", "ngayQuyetDinhCam": "1/6/2020",
           "toaQuyetDinhCam": "99", "chucVuBiCam": "Giám đốc", "camThang": "36"}  # fmt: skip
    paper = {"loai": "Giấy tờ", "loaiGiayTo": "prison-completion", "ngayGiayTo": "4/3/2021",
             "banAnCuaGiayTo": "12/2019/HS-ST", "ngayBanAnCuaGiayTo": "2019-03-04",
             "toaCuaGiayTo": "99"}  # fmt: skip
    assert table(ROW)["kept"] == 1
    assert table({**person, **ban})["kept"] == table({**person, **paper})["kept"] == 1
    match = check(office, {"name": ROW["hoTen"], "birthDate": "1980-05-17"})
    (told,) = records.of(office, match.records)
    assert told["executionDecision"][0]["kind"] == coded("execution-paper", "prison-completion")
    assert records.prohibitions(office, match.prohibitions)[0]["duration"]["value"] == 36


@pytest.mark.parametrize(
    ("cells", "reason", "where"),
    [
        ({"ngayBanAn": "31/2/2019"}, "impossible-date", "conviction.judgmentDate"),
        ({"ngayBanAn": "hôm qua"}, "impossible-date", "conviction.judgmentDate"),
        ({"thoiHanThang": "2,5"}, "wrong-type", "conviction.principalPenalty[*].duration"),
        ({"thoiHanThang": "hai năm"}, "wrong-type", "conviction.principalPenalty[*].duration"),
        ({"anTreo": "có lẽ"}, "wrong-type", "conviction.principalPenalty[*].suspended"),
        ({"gioiTinh": "?"}, "unknown-code", "subject.gender"),
        ({"loai": "thư"}, "unknown-kind", "kind"),
        ({"hinhPhatChinh": "flogging"}, "unknown-code", "conviction.principalPenalty[0].type"),
        ({"toaDaTuyen": "Toà án không có"}, "unknown-court", "conviction.court"),
        ({"soBanAn": ""}, "missing", "conviction.judgmentNumber"),
        ({"nhanXet": "x"}, "unknown-column", ""),
    ],
)
def test_a_cell_is_refused_with_its_reason(office, table, cells, reason, where):
    row = {name: f'"{cell}"' for name, cell in {**ROW, **cells}.items() if cell}
    report = table(row)
    assert (report["kept"], report["refused"]) == (0, 1)
    assert (reason, where) in [(one["reason"], one["where"]) for one in report["problems"]]
    (refused,) = quarantine.refused(office)
    heading, line = refused.raw.decode("utf-8-sig").splitlines()
    assert heading.startswith(next(iter(row)))
    assert "NGUYỄN VĂN THỬ" in line


def test_more_cells_than_columns_are_an_unknown_column(table):
    report = table(text="hoTen,ngaySinh\nNGUYỄN VĂN THỬ,1980,x\n")
    assert report["reasons"]["unknown-column"]["rows"] == 1


def test_a_table_of_something_else_stops_the_import(table):
    with pytest.raises(Invalid, match="none of these is known"):
        table(text="name,age\nA,1\n")


def test_every_column_leads_somewhere_in_the_definition():
    for column, rule in columns._columns().items():
        cell = {"word": next(iter(rule.get("words", {"": ""}))), "date": "1/2/2019",
                "months": "3", "money": "3", "boolean": "x"}.get(rule["as"], "x")  # fmt: skip
        told, problems = columns.record({column: cell})
        assert not problems, column
        assert len(told) == (1 if column == "loai" else 2)
