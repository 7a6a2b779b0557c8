"""Numbers as text: their order, the ranges they stand for, and hostile digits."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw

from fhir_server.fhir.errors import Invalid
from fhir_server.search.numbers import (
    HIGHEST,
    LOWEST,
    above,
    below,
    indexed,
    key,
    operator,
    written,
)

DECIMALS = st.decimals(allow_nan=False, allow_infinity=False, places=3) | st.builds(
    lambda digits, exponent: Decimal(digits).scaleb(exponent),
    st.integers(-(10**9), 10**9),
    st.integers(-400, 400),
)


@given(DECIMALS, DECIMALS)
def test_keys_sort_as_the_numbers_do(one, other):
    assert (key(one) < key(other)) == (one < other)
    assert (key(one) == key(other)) == (one == other)


@given(DECIMALS, DECIMALS)
def test_an_open_end_lies_between_a_key_and_the_next(one, other):
    assert (above(key(one)) < key(other)) == (one < other)
    assert (key(one) < below(key(other))) == (one < other)
    assert below(key(one)) < key(one) < above(key(one))


@given(DECIMALS)
def test_every_key_lies_between_the_open_ends(number):
    assert LOWEST < key(number) < HIGHEST


@pytest.mark.parametrize("same", [("100", "1e2", "100.00"), ("0", "-0", "0.000", "0e9")])
def test_equal_numbers_have_one_key(same):
    assert len({key(Decimal(text)) for text in same}) == 1


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("100", "99.5", "100.5"),
        ("1.0e2", "95", "105"),
        ("100.00", "99.995", "100.005"),
        ("-5", "-5.5", "-4.5"),
        ("0", "-0.5", "0.5"),
        ("0.1", "0.05", "0.15"),
    ],
)
def test_a_number_stands_for_what_is_rounded_to_its_digits(text, start, end):
    number = written(text)
    assert (number.start, number.end) == (Decimal(start), Decimal(end))


def test_about_is_a_tenth_or_half_a_unit():
    assert written("100").about == (Decimal(90), Decimal(110))
    assert written("-100").about == (Decimal(-110), Decimal(-90))
    assert written("2").about == (Decimal("1.5"), Decimal("2.5"))


@given(st.integers(0, 10**40), st.integers(-400, 400))
def test_the_range_is_exact_whatever_the_digits(digits, exponent):
    number = written(f"{digits}e{exponent}")
    assert number.start < number.value < number.end
    low, high = number.about
    assert low <= number.start < number.end <= high


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "1e",
        "1.",
        ".5",
        "1e9999",
        "1e401",
        "1" * 65,
        "0x1",
        "NaN",
        "Infinity",
        "１",
        "1 ",
        "+1",
    ],
)
def test_what_is_no_number_is_refused(text):
    with pytest.raises(Invalid, match="is not a number such as"):
        written(text)


@pytest.mark.parametrize("value", [Raw(b"1e999"), Raw(b"1" * 70), 10**4000, "5", None, True, []])
def test_what_has_too_many_digits_is_not_indexed(value):
    assert indexed(value) is None


def test_what_a_resource_holds_is_a_number():
    assert indexed(7) == Decimal(7)
    assert indexed(Raw(b"1.50")) == Decimal("1.50")


def test_a_prefix_is_read_off():
    assert operator("ge5.4") == ("ge", "5.4")
    assert operator("-5") == ("eq", "-5")
    with pytest.raises(Invalid, match="'xx' is not a prefix of a number; known: eq, ne"):
        operator("xx5")
