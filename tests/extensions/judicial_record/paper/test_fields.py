"""What is printed: everything the form may show, in the words of the law, and no more."""

import json

import pytest

from extensions.judicial_record.paper import fields
from extensions.judicial_record.paper.fields import printed
from extensions.judicial_record.plugin import DEFINITIONS
from fhir_server.fhir.errors import Unprocessable
from tests.extensions.judicial_record.paper.bodies import concept, form_1, form_2

# The order on the page is the order in the body.
NOT_PRINTED = {"conviction.sequence", "subjectSnapshot.family"}


def lines(page, part="subject"):
    return {one["label"]: one["value"] for one in page[part]}


def test_a_person_is_printed_in_the_numbered_lines_of_the_form():
    page = printed(form_1())
    assert [one["number"] for one in page["subject"]] == [1, 2, 3, 4, 5, 6, 7, 8]
    assert lines(page) == {
        "Họ và tên": "NGUYỄN VĂN THỬ",
        "Giới tính": "Nam",
        "Ngày sinh": "28/02/1990",
        "Nơi sinh": "Phường Mẫu, Tỉnh Thử, Việt Nam",
        "Quốc tịch": "Việt Nam",
        "Giấy tờ tùy thân": "Căn cước, số 099090000001, cấp ngày 01/07/2024",
        "Nơi thường trú": "Số 1 đường Mẫu, Phường Mẫu, Tỉnh Thử",
        "Nơi tạm trú": "//",
    }
    assert page["number"] == "0001/2026/LLTP-99"
    assert page["dossier"] == "4821907735160294"
    assert page["status"] == "Không có án tích"


def test_the_family_is_on_form_2_alone():
    snapshot = form_2()["subjectSnapshot"]
    assert lines(printed(form_2()))["Họ và tên cha"] == "NGUYỄN VĂN MẪU, sinh năm 1960"
    assert lines(printed(form_2()))["Họ và tên vợ hoặc chồng"] == "//"
    assert "Họ và tên cha" not in lines(printed(form_1(subjectSnapshot=snapshot)))


def test_a_conviction_is_printed_with_all_form_2_tells_of_it():
    [block] = printed(form_2())["convictions"]
    told = {one["label"]: one["value"] for one in block}
    assert told["Tội danh"] == "Trộm cắp tài sản, theo khoản 1 Điều 138"
    assert told["Hình phạt chính"] == (
        "Tù có thời hạn, 9 tháng, cho hưởng án treo, thời gian thử thách 18 tháng"
    )
    assert told["Án phí"] == "200.000 đồng"
    assert told["Xóa án tích"] == "Đương nhiên được xóa án tích, ngày 05/10/2017"
    assert told["Tình trạng thi hành án"] == "Đã thi hành xong"


def test_a_ban_is_printed_where_it_was_asked_for():
    ban = {"decisionNumber": "1/QĐ", "position": "Giám đốc", "until": "2027-01-02"}
    page = printed(form_1(prohibitionStatus="prohibited", prohibition=[ban]))
    assert page["ban"] == "Bị cấm"
    [block] = page["prohibitions"]
    assert [one["value"] for one in block] == ["1/QĐ", "Giám đốc", "02/01/2027"]
    assert printed(form_1())["ban"] == ""


def test_the_date_is_that_of_the_day_in_viet_nam():
    assert printed(form_1(issued="2026-12-31T17:30:00Z"))["date"] == "ngày 01 tháng 01 năm 2027"


def test_nothing_printed_tells_when_the_record_was_looked_at():
    assert printed(form_1()) == printed(form_1(dataAsOf="2026-11-01T00:00:00Z"))


def test_a_code_of_nobody_is_printed_with_what_it_came_with():
    other = {"type": {"coding": [{"code": "x", "display": "Thẻ"}]}, "number": "1"}
    snapshot = form_1()["subjectSnapshot"] | {"identityDocument": [other]}
    assert lines(printed(form_1(subjectSnapshot=snapshot)))["Giấy tờ tùy thân"] == "Thẻ, số 1"


@pytest.mark.parametrize("name", ["form", "subjectSnapshot", "issued", "issuer"])
def test_a_body_without_what_a_page_needs_is_refused_with_the_place(name):
    body = form_1()
    del body[name]
    with pytest.raises(Unprocessable) as refused:
        printed(body)
    assert refused.value.issues[0].expression == f"JudicialRecordCertificate.{name}"


def test_a_page_has_a_number():
    dossier = {"type": concept("certificate-identifier-type", "dossier-code"), "value": "G99"}
    with pytest.raises(Unprocessable):
        printed(form_1(identifier=[dossier]))


@pytest.mark.parametrize("element", ["subjectSnapshot", "conviction", "prohibition"])
def test_every_element_of_the_type_has_its_line(element):
    whole = json.loads(
        (DEFINITIONS / "StructureDefinition-JudicialRecordCertificate.json").read_text("utf-8")
    )
    start = f"JudicialRecordCertificate.{element}."
    paths = [
        one["path"].removeprefix(start)
        for one in whole["differential"]["element"]
        if one["path"].startswith(start)
    ]
    kind = {"subjectSnapshot": "subject"}.get(element, element)
    given = {one["path"]: set(one.get("parts", ())) for one in fields._FIELDS[kind]}
    for path in paths:
        name, _, part = path.partition(".")
        if f"{element}.{name}" not in NOT_PRINTED:
            assert name in given, path
            assert not part or part in given[name], path
