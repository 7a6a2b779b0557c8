import pytest

from mappings.terms.vital_signs import signs, without_signs


def test_signs_are_read_and_the_last_of_two_counts():
    assert signs("x CSST<M75_HA120/70> y CSST<M80>") == {"M": ("80", ""), "HA": ("120", "70")}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Tỉnh CSST<M75_T37>", "Tỉnh"),
        ("CSST<M75>", ""),
        ("Tỉnh CSST&lt;M75&gt;", "Tỉnh"),
        ("Tỉnh CSST<M75_X9>", "Tỉnh CSST<M75_X9>"),
        ("Tỉnh CSST<", "Tỉnh CSST<"),
    ],
)
def test_a_note_is_shown_without_the_signs_that_were_read(text, shown):
    assert without_signs(text) == shown
