"""Folding: Vietnamese written in any way is one text."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_server.search.fold import fold, suffixes

VIETNAMESE = (
    "aăâbcdđeêghiklmnoôơpqrstuưvxyáàảãạấầẩẫậắằẳẵặéèẻẽẹếềểễệíìỉĩịóòỏõọốồổỗộớờởỡợúùủũụứừửữựýỳỷỹỵ"
)


@pytest.mark.parametrize(
    "text",
    [
        "Nguyễn Thị Bưởi",
        unicodedata.normalize("NFD", "Nguyễn Thị Bưởi"),
        "NGUYỄN THỊ BƯỞI",
        "nguyen thi buoi",
        "  Nguyễn\tThị -  Bưởi.  ",
        "nguyễn\u00a0thị\u200bbưởi",
    ],
)
def test_one_name_folds_to_one_text(text):
    assert fold(text) == "nguyen thi buoi"


def test_d_with_a_stroke_is_a_d():
    assert fold("Đặng Đình Đức") == "dang dinh duc"
    assert fold("\u00d0ặng \u00f0ình") == "dang dinh"


def test_every_vietnamese_letter_folds_to_a_plain_one():
    for letter in VIETNAMESE + VIETNAMESE.upper():
        assert fold(letter).isascii()
        assert len(fold(letter)) == 1


def test_other_scripts_keep_their_letters():
    assert fold("東京-大学") == "東京 大学"
    assert fold("Straße") == "strasse"


def test_what_has_no_letter_folds_to_nothing():
    assert fold("-- / ..") == fold("“…”") == fold("") == ""


@given(st.text())
def test_composed_and_decomposed_are_equal(text):
    nfc, nfd = (unicodedata.normalize(form, text) for form in ("NFC", "NFD"))
    assert fold(nfc) == fold(nfd)


@given(st.text())
def test_folding_twice_changes_nothing(text):
    assert fold(fold(text)) == fold(text)


@given(st.text())
def test_a_folded_text_has_single_inner_spaces(text):
    folded = fold(text)
    assert folded == " ".join(folded.split())


def test_suffixes_start_at_words():
    assert suffixes("nguyen thi buoi", 16) == ["nguyen thi buoi", "thi buoi", "buoi"]
    assert suffixes("a b c", 2) == ["a b c", "b c"]
