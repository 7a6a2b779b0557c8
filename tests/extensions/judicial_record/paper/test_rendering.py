"""The page: the same bytes for the same body, nothing of it lost, nothing taken for markup."""

import re

import pytest

from extensions.judicial_record.paper.rendering import pdf
from fhir_server.fhir.errors import Unprocessable
from tests.extensions.judicial_record.paper.bodies import CONVICTION, URL, form_1, form_2
from tests.extensions.judicial_record.paper.pages import facts, texts

TWIN = {"NGUYỄN VĂN THỬ": "TRẦN THỊ MẪU ANH", "099090000001": "099190000002"}


def flat(text):
    return " ".join(text.split())


def test_the_same_body_gives_the_same_bytes():
    first = pdf(form_1(), URL, place="Tỉnh Thử")
    assert first == pdf(form_1(), URL, place="Tỉnh Thử")
    assert first != pdf(form_1(issued="2026-11-28T02:03:05Z"), URL, place="Tỉnh Thử")


def test_the_page_can_be_read_aloud_and_kept():
    page = pdf(form_1(), URL)
    told = facts(page)
    assert told["Title"] == "PHIẾU LÝ LỊCH TƯ PHÁP SỐ 1"
    assert told["language"].startswith("vi")
    assert told["tagged"]
    assert "20261128020304" in told["CreationDate"]
    assert b"<pdfaid:part>2</pdfaid:part>" in page
    assert b"<pdfaid:conformance>B</pdfaid:conformance>" in page


def test_form_1_says_what_the_form_says():
    [text] = map(flat, texts(pdf(form_1(), URL, place="Tỉnh Thử")))
    for part in (
        "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM",
        "Độc lập - Tự do - Hạnh phúc",
        "CÔNG AN THỬ NGHIỆM 99",
        "Số: 0001/2026/LLTP-99",
        "Tỉnh Thử, ngày 28 tháng 11 năm 2026",
        "Họ và tên [1]: NGUYỄN VĂN THỬ",
        "Nơi tạm trú [8]: //",
        "Tình trạng án tích",
        "Không có án tích",
        "TRƯỞNG PHÒNG",
        "TRẦN THỊ MẪU",
        "trang 1/1",
    ):
        assert part in text
    assert URL in text.replace(" ", "")
    assert "Cấm đảm nhiệm" not in text


def test_a_page_is_a_sample_unless_it_is_said_not_to_be():
    assert "KHÔNG CÓ GIÁ TRỊ PHÁP LÝ" in flat(texts(pdf(form_1(), URL))[0])
    assert "GIÁ TRỊ PHÁP LÝ" not in flat(texts(pdf(form_1(), URL, sample=False))[0])


def test_two_persons_with_the_same_form_1_have_the_same_page_but_for_who_they_are():
    body = form_1()
    body["subjectSnapshot"]["name"] = TWIN["NGUYỄN VĂN THỬ"]
    body["subjectSnapshot"]["identityDocument"][0]["number"] = TWIN["099090000001"]
    one, other = pdf(form_1(), URL), pdf(body, URL[:-3] + "xyz")
    text = texts(one)[0]
    for mine, its in (*TWIN.items(), (URL, URL[:-3] + "xyz")):
        text = text.replace(mine, its)
    assert text == texts(other)[0]
    assert abs(len(one) - len(other)) < 1_500


def test_what_looks_like_markup_is_text():
    hostile = '#strong[x] $a$ *b* _c_ `d` \\ = <e> @f // "; #image("/etc/passwd") </svg>'
    body = form_2(CONVICTION | {"judgmentNumber": hostile})
    body["issuer"]["display"] = hostile
    text = "".join("".join(texts(pdf(body, URL))).split())
    assert hostile.replace(" ", "") in text
    assert hostile.upper().replace(" ", "") in text


def test_many_convictions_run_over_pages_that_count_themselves():
    many = [CONVICTION | {"judgmentNumber": f"{number}/2015/HS-ST"} for number in range(30)]
    pages = [flat(text) for text in texts(pdf(form_2(*many), URL))]
    assert len(pages) > 5
    for number, text in enumerate(pages, 1):
        assert f"trang {number}/{len(pages)}" in text
    whole = " ".join(pages)
    assert re.findall(r"(\d+)/2015/HS-ST", whole) == [str(number) for number in range(30)]
    assert "TRẦN THỊ MẪU" in pages[-1]


def test_a_word_wider_than_the_page_loses_no_letter():
    body = form_1()
    body["subjectSnapshot"]["name"] = "".join(f"{number:03}A" for number in range(100))
    text = re.sub(r"[^0-9A]", "", texts(pdf(body, URL))[0])
    assert body["subjectSnapshot"]["name"] in text


def test_a_second_code_is_printed_where_there_is_an_extract_that_fits():
    plain = pdf(form_1(), URL)
    assert len(pdf(form_1(), URL, offline="e" * 500)) > len(plain)
    assert pdf(form_1(), URL, offline="e" * 5_000) == plain


def test_what_the_font_lacks_is_refused_and_not_quoted():
    body = form_1()
    body["subjectSnapshot"]["name"] = "王"
    with pytest.raises(Unprocessable) as refused:
        pdf(body, URL)
    assert "王" not in str(refused.value)
