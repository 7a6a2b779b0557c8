import pytest

from mappings.terms.units import ucum


@pytest.mark.parametrize(
    ("unit", "code"),
    [
        ("mmol/L", "mmol/L"),
        ("mmol/l", "mmol/L"),
        ("µmol/L", "umol/L"),  # micro sign
        ("μmol/L", "umol/L"),  # Greek letter
        ("G/L", "10*9/L"),
        ("g/L", "g/L"),
        ("T/l", "10*12/L"),
        ("lần / phút", "/min"),
        ("mmHg", "mm[Hg]"),
        ("%", "%"),
        ("IU/mL", "[IU]/mL"),
        ("viên", ""),
        ("", ""),
    ],
)
def test_a_units_text_has_its_ucum_code(unit, code):
    assert ucum(unit) == code
