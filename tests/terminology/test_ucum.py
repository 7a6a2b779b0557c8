"""UCUM codes, their factors and dimensions, and quantities in base units."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_server.terminology import ucum
from fhir_server.terminology.ucum import canonical, unit

COMMON = ["mg/dL", "g/L", "mmol/L", "10*9/L", "mm[Hg]", "Cel", "[degF]", "[iU]/mL", "kg/m2", "%"]


@pytest.mark.parametrize(
    ("value", "code", "base", "dimension"),
    [
        ("1", "g", "1", "g"),
        ("1", "mg/L", "1", "g.m-3"),
        ("120", "mm[Hg]", "15998640", "g.m-1.s-2"),
        ("1", "mmol/L", "602214076000000000000000", "m-3"),
        ("5", "10*9/L", "5E+12", "m-3"),
        ("1", "10^-3", "0.001", "1"),
        ("7", "%", "0.07", "1"),
        ("36.6", "Cel", "309.75", "K"),
        ("98.6", "[degF]", "310.15", "K"),
        ("80", "[degRe]", "373.15", "K"),
        ("1000", "mCel", "274.15", "K"),
        ("2", "h", "7200", "s"),
        ("1", "kat", "602214076000000000000000", "s-1"),
        ("3", "k[iU]/mL", "3E+9", "[iU].m-3"),
        ("3", "[IU]", "3", "[iU]"),
        ("4", "{cells}", "4", "1"),
        ("4", "/{HPF}", "4", "1"),
        ("4", "/100{WBC}", "0.04", "1"),
        ("4", "mL{total}/min", "0.00000006666666666666666666666666667", "m3.s-1"),
        ("1", "kg.m/s2", "1000", "g.m.s-2"),
        ("1", "kg/(m.s2)", "1000", "g.m-1.s-2"),
        ("1", "/m.s", "1", "m-1.s"),
        ("1", "m+2", "1", "m2"),
        ("1", "24.h", "86400", "s"),
        ("1", "m0", "1", "1"),
    ],
)
def test_a_value_is_given_in_base_units(value, code, base, dimension):
    assert canonical(Decimal(value), code) == (Decimal(base), dimension)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("1", "g/L"), ("1000", "mg/L")),
        (("1", "mmol/L"), ("1", "mol/m3")),
        (("0.1", "g"), ("100", "mg")),
        (("1", "L"), ("1000", "mL")),
        (("1", "l"), ("1", "dm3")),
        (("1", "mm[Hg]"), ("0.1", "cm[Hg]")),
        (("1", "[in_i]"), ("2.54", "cm")),
        (("37", "Cel"), ("310.15", "K")),
        (("1", "a"), ("365.25", "d")),
        (("180", "deg"), ("1", "[pi].rad")),
        (("1.0", "J/s"), ("1", "W")),
        (("1", "eq/L"), ("1", "mol/L")),
    ],
)
def test_the_same_quantity_comes_to_the_same_text(one, other):
    left, right = (canonical(Decimal(value), code) for value, code in (one, other))
    assert left is not None
    assert str(left) == str(right)


@pytest.mark.parametrize(
    "code",
    [
        "", " ", "mg/", "m//s", ".m", "m.", "m/.s", "(m", "m)", "()", "m-", "{", "{}}", "}",
        "foo", "MOL", "mgdl", "mg dl", "Torr", "m[hg]", "2m", "10*-", "[", "[iU", "cHPF",
        "k[in_i]", "0", "m/0", "(m)2", "m^2", "µg", "m٣", "/", "//m", "m(s)", "mm{a}{b}",
        "m{lần}",
    ],
)  # fmt: skip
def test_what_is_no_ucum_is_not_converted(code):
    assert canonical(Decimal(1), code) is None


@pytest.mark.parametrize("code", ["[pH]", "B", "dB[SPL]", "Np", "bit_s", "%[slope]", "[hp'_X]"])
def test_curved_scales_are_not_converted(code):
    assert canonical(Decimal(1), code) is None


@pytest.mark.parametrize("code", ["Cel/s", "Cel2", "2.Cel", "(Cel)", "/Cel"])
def test_a_scale_with_another_zero_takes_no_part_in_products(code):
    assert canonical(Decimal(1), code) is None


@pytest.mark.parametrize(
    "code",
    [
        "m" * 201, "(" * 100 + "m" + ")" * 100, "m100", "10*99999999999", "[k]99",
        "mol99", ".".join(["mol50"] * 20), "9" * 200 + "m", "{" * 200, "m" + "/" * 150, "[" * 200,
        ".".join(["9" * 20] * 9 + ["10*99"] * 40),
    ],
)  # fmt: skip
def test_codes_made_to_cost_are_not_converted(code):
    assert unit(code) is None


@pytest.mark.parametrize("value", ["NaN", "Infinity", "1E+401", "0E-9999999", "1" * 401])
def test_a_value_out_of_bounds_is_not_converted(value):
    assert canonical(Decimal(value), "mg") is None


def test_a_value_within_bounds_is_converted_with_the_greatest_factor():
    found = canonical(Decimal("9" * 400), "10*99.10*99.10*99.10*99.10*99.10*99.10*99.10*99.10*99")
    assert found is not None
    assert str(found[0]).endswith("E+1291")


def test_commensurable_units_have_the_same_dimension():
    assert {canonical(Decimal(1), code)[1] for code in ("N", "kg.m/s2", "s-2.m.g", "dyn")} == {
        "g.m.s-2"
    }
    assert canonical(Decimal(1), "[iU]")[1] != canonical(Decimal(1), "[arb'U]")[1]


def test_a_dimension_is_itself_a_code():
    for code in ("[iU]/mL", "mol/L", "V", "lm", "10*9/L", "[CFU]/mL"):
        known = unit(code)
        assert unit(known.dimension) == ucum.Unit(Fraction(1), Fraction(0), known.dimension)


def test_every_unit_of_ucum_is_read_or_curved():
    for name, atom in ucum.units().atoms.items():
        known = unit(name) is not None
        assert known == (not atom.function or atom.function in {"Cel", "degF", "degRe"}), name
        assert (unit(f"k{name}") is not None) == (known and atom.metric), name


decimals = st.decimals(
    allow_nan=False, allow_infinity=False, min_value=-(10**15), max_value=10**15, places=9
)


@given(decimals, decimals, st.sampled_from(COMMON))
def test_order_is_preserved(one, other, code):
    low, high = sorted([one, other])
    assert canonical(low, code)[0] <= canonical(high, code)[0]
    assert (low == high) == (canonical(low, code)[0] == canonical(high, code)[0])


@given(decimals, st.sampled_from(["g", "L", "mol", "m[Hg]", "[iU]", "Pa", "cal", "K"]))
def test_a_prefix_moves_the_point(value, name):
    assert canonical(value.scaleb(3), f"m{name}") == canonical(value, name)
    assert canonical(value.scaleb(-6), f"M{name}") == canonical(value, name)


@given(st.text(alphabet="mgLsK[]{}()./*^10-+'kPCel%_iU² ", max_size=40))
def test_any_text_is_answered(code):
    found = canonical(Decimal("1.5"), code)
    assert found is None or unit(found[1]) is not None
