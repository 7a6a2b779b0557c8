import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_server.fhir import decimals, json
from mappings.terms.quantities import number, positive, quantity, reference_range, result


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("62.50", b"62.50"),
        ("62,50", b"62.50"),
        ("56", b"56"),
        ("007", b"7"),
        ("00.50", b"0.50"),
        ("-3", b"-3"),
        ("-0", b"-0"),
        ("12345678901234567890", b"12345678901234567890"),
    ],
)
def test_a_number_keeps_its_digits(text, said):
    assert json.dump(number(text)) == said


@given(st.from_regex(r"-?[0-9]{1,30}([.,][0-9]{1,30})?", fullmatch=True))
def test_every_number_is_a_json_number(text):
    body = json.dump(number(text))
    assert json.dump(json.parse(body)) == body


@pytest.mark.parametrize("text", ["", "a", "1.", ".5", "1e3", "1.2.3", "١"])
def test_anything_else_is_no_number(text):
    with pytest.raises(ValueError, match="is not a number"):
        number(text)


@pytest.mark.parametrize(
    ("text", "comparator", "value"),
    [
        ("9.8", None, b"9.8"),
        ("<5", "<", b"5"),
        ("> 5", ">", b"5"),
        ("<=0.01", "<=", b"0.01"),
        (">=10", ">=", b"10"),
        ("≤ 7,35", "<=", b"7.35"),
        ("≥10", ">=", b"10"),
        ("0,125", None, b"0.125"),
        ("-2.5", None, b"-2.5"),
    ],
)
def test_a_result_is_a_quantity_with_its_comparator(text, comparator, value):
    found = result(text, "mmol/L")["valueQuantity"]
    assert (found.get("comparator"), json.dump(found["value"])) == (comparator, value)
    assert (found["unit"], found["code"]) == ("mmol/L", "mmol/L")


@pytest.mark.parametrize(
    "text", ["Âm tính", "250,000", "1.2.3", "5-7", "++", "<", "120/70", "10^3", "1" * 16]
)
def test_any_other_result_is_text(text):
    assert result(text, "") == {"valueString": text}


def test_text_keeps_its_unit():
    assert result("250,000", "/µL") == {"valueString": "250,000 /µL"}


def test_an_unknown_unit_has_no_code():
    assert quantity("2", "viên") == {"value": 2, "unit": "viên"}


@pytest.mark.parametrize(
    ("text", "is_so"), [("1", True), ("0.0", False), ("-1", False), ("x", False)]
)
def test_positive_is_above_zero(text, is_so):
    assert positive(text) == is_so


@pytest.mark.parametrize(
    ("text", "unit", "low", "high"),
    [
        ("Khoảng tham chiếu: 3.9 - 6.4 mmol/L", "mmol/L", 3.9, 6.4),
        ("Trị số bình thường 44–80", "µmol/L", 44, 80),
        ("CSBT: 3,9-6,4", "mmol/L", 3.9, 6.4),
    ],
)
def test_a_description_that_is_a_reference_range_is_read(text, unit, low, high):
    found = reference_range(text, unit)
    assert [float(decimals.decimal(found[end]["value"])) for end in ("low", "high")] == [low, high]
    assert {found[end]["unit"] for end in found} == {unit}


@pytest.mark.parametrize(
    "text", ["", "Mẫu huyết tán", "3.9 - 6.4", "Khoảng tham chiếu: < 5", "CSBT: x"]
)
def test_any_other_description_is_no_reference_range(text):
    assert reference_range(text, "mmol/L") == {}
