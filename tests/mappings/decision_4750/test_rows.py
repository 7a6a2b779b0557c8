import pytest

from fhir_server.fhir import xml
from mappings.decision_4750 import rows
from mappings.decision_4750.rows import read_rows
from tests.mappings.decision_4750.hospital import SUMMARY, table


def read(kind, *found, day="20250901"):
    return read_rows(kind, xml.parse(table(kind, *found).encode()), day)


def test_a_row_gives_its_fields_and_an_empty_text_for_those_left_out():
    ((row,), issues) = read("XML1", SUMMARY)
    assert (row["HO_TEN"], row["NHOM_MAU"], row.many("MA_BENH_CHINH")) == (
        SUMMARY["HO_TEN"],
        "",
        ["E11.9"],
    )
    assert issues == []


@pytest.mark.parametrize(
    ("field", "text", "code"),
    [
        ("MA_LK", "L" * 101, "too-long"),
        ("NGAY_VAO", "202513010000", "value"),
        ("NGAY_VAO", "202502290000", "value"),
        ("NGAY_VAO", "202502012400", "value"),
        ("NGAY_VAO", "2025-02-01", "value"),
        ("NGAY_SINH", "000000000000", "value"),
        ("NGAY_SINH", "198513000000", "value"),
        ("GT_THE_TU", "20250101;20250230", "value"),
        ("GIOI_TINH", "4", "code-invalid"),
        ("MA_LOAI_KCB", "99", "code-invalid"),
        ("KET_QUA_DTRI", "0", "code-invalid"),
        ("MA_LOAI_RV", "6", "code-invalid"),
        ("T_THUOC", "1.000.000", "value"),
        ("T_THUOC", "NaN", "value"),
        ("T_THUOC", "1" * 16, "too-long"),
    ],
)
def test_a_wrong_value_is_an_error_that_names_its_field(field, text, code):
    _, issues = read("XML1", SUMMARY | {field: text})
    errors = [issue for issue in issues if issue.severity == "error"]
    assert [(issue.code, issue.expression) for issue in errors] == [(code, f"XML1.{field}")]


def test_an_issue_names_the_row_from_one():
    good = {"MA_LK": "TEST-1", "TEN_CHI_SO": "Glucose", "NGAY_KQ": "202509010930"}
    _, issues = read("XML4", good, good | {"NGAY_KQ": "20251301"})
    (issue,) = [issue for issue in issues if issue.severity == "error"]
    assert issue.expression == "XML4[2].NGAY_KQ"


@pytest.mark.parametrize("field", ["MA_LK", "HO_TEN", "NGAY_SINH", "GIOI_TINH", "NGAY_VAO"])
def test_what_a_visit_cannot_be_without_is_required(field):
    _, issues = read("XML1", SUMMARY | {field: " "})
    assert [(issue.code, issue.severity) for issue in issues] == [("required", "error")]


def test_what_only_the_portal_asks_for_is_a_warning():
    _, issues = read("XML1", SUMMARY | {"MA_KHOA": ""})
    assert [(issue.code, issue.severity) for issue in issues] == [("required", "warning")]


def test_an_unknown_element_is_a_warning():
    _, issues = read("XML1", SUMMARY | {"TRUONG_LA": "x"})
    assert [(issue.severity, issue.expression) for issue in issues] == [("warning", "XML1")]


def test_an_unknown_code_of_an_open_list_is_a_warning():
    _, issues = read("XML1", SUMMARY | {"MA_DOITUONG_KCB": "9.9"})
    assert [(issue.code, issue.severity) for issue in issues] == [("code-invalid", "warning")]


def test_a_field_that_stands_twice_is_an_error():
    body = table("XML1", SUMMARY).replace("</TONG_HOP>", "<HO_TEN>AI KHÁC</HO_TEN></TONG_HOP>")
    _, issues = read_rows("XML1", xml.parse(body.encode()), "20250901")
    assert [issue.expression for issue in issues] == ["XML1.HO_TEN"]


def test_elements_inside_a_field_are_an_error():
    body = table("XML1", SUMMARY).replace("<LY_DO_VV>", "<LY_DO_VV>Mệt<b/>")
    _, issues = read_rows("XML1", xml.parse(body.encode()), "20250901")
    assert [issue.expression for issue in issues] == ["XML1.LY_DO_VV"]


def test_a_wrong_root_is_an_error_that_names_both():
    found, issues = read_rows("XML2", xml.parse(b"<TONG_HOP/>"), "20250901")
    assert found == []
    assert "begins with TONG_HOP; it must be CHITIEU_CHITIET_THUOC" in issues[0].diagnostics


def test_too_many_rows_are_not_read(monkeypatch):
    monkeypatch.setattr(rows, "MAX_ROWS", 2)
    found, issues = read("XML4", {}, {}, {})
    assert (found, [issue.code for issue in issues]) == ([], ["too-costly"])


def test_too_many_elements_in_a_row_are_an_error_told_once():
    many = "<x/>" * 300
    body = table("XML1", SUMMARY).replace("</TONG_HOP>", many + "</TONG_HOP>")
    _, issues = read_rows("XML1", xml.parse(body.encode()), "20250901")
    assert [issue.code for issue in issues if issue.severity == "error"] == ["too-costly"]
    assert len(issues) < 200


def test_names_of_decision_3176_are_the_same_fields():
    (row,), _ = read("XML13", {"MA_CSKCB_DEN": "99002", "TINH_TRANG_CT": "Tỉnh"})
    assert (row["MA_NOI_DEN"], row["PP_DIEU_TRI"]) == ("99002", "Tỉnh")


def test_row_numbers_identify_rows_unless_they_repeat():
    numbered, _ = read("XML4", {"STT": "5"}, {"STT": "9"})
    repeated, _ = read("XML4", {"STT": "1"}, {"STT": "1"})
    assert [row.identity for row in numbered] == ["5", "9"]
    assert [row.identity for row in repeated] == ["1", "2"]


@pytest.mark.parametrize(("day", "wrong"), [("20260630", True), ("20260701", False)])
def test_a_field_has_the_length_of_its_day(day, wrong):
    _, issues = read("XML2", {"MA_LK": "TEST-1", "TEN_THUOC": "x", "MUC_HUONG": "1000"}, day=day)
    assert ("XML2[1].MUC_HUONG" in [issue.expression for issue in issues]) == wrong
