import pytest

from mappings.decision_4750 import values


@pytest.mark.parametrize("text", ["0", "12", "-3", "62.50", "0.001"])
def test_digits_with_a_point_are_a_number(text):
    assert values.number(text) == ""


@pytest.mark.parametrize("text", ["", "1,5", "1.000.000", "1e3", "NaN", "١", "5 "])
def test_anything_else_is_not(text):
    assert values.number(text).startswith("not a number")


def test_a_closed_list_tells_its_codes():
    check = values.one_of({"1": "", "2": ""})
    assert (check("1"), check("3")) == ("", "not one of the codes 1, 2")


@pytest.mark.parametrize(
    ("shape", "text", "right"),
    [
        ("yyyymmdd", "20240229", True),
        ("yyyymmdd", "20250229", False),
        ("yyyymmdd", "202409010000", False),
        ("yyyymmddHHMM", "202509012359", True),
        ("yyyymmddHHMM", "20250901", True),
        ("yyyymmddHHMM", "202509012360", False),
        ("yyyymmdd ;-list", "20250101; 20250201;", True),
        ("yyyymmdd ;-list", "20250101;2025020", False),
        ("birth", "198500000000", True),
        ("birth", "17000101", False),
    ],
)
def test_dates_are_days_of_the_calendar(shape, text, right):
    assert (values.FORMATS[shape](text) == "") == right


def test_lists_keep_their_empty_places_only_where_places_matter():
    assert values.split(" a;;b ;") == ["a", "b"]
    assert values.positions("a;;b") == ["a", "", "b"]
    assert values.positions("") == []
