"""JSON Pointer: tokens and the places they name."""

import pytest

from fhir_server.patch.pointer import PointerError, existing, parse, position


def test_escapes_are_undone_in_the_order_of_the_standard():
    assert parse("/a~1b/m~0n/~01") == ("a/b", "m~n", "~1")
    assert parse("") == ()
    assert parse("/") == ("",)


@pytest.mark.parametrize("text", ["a", "a/b", "/~", "/~2", "/a~", "#/a"])
def test_what_is_no_pointer_is_refused(text):
    with pytest.raises(PointerError):
        parse(text)


def test_a_pointer_leads_through_objects_and_arrays():
    assert existing({"a": [{"b": 1}]}, ("a", "0", "b")) == ("a", 0, "b")


@pytest.mark.parametrize("token", ["01", "-1", "+1", "1.0", "1e0", " 1", "", "３", "9" * 30])
def test_a_position_is_written_without_leading_zero_or_sign(token):
    with pytest.raises(PointerError):
        position([1, 2, 3, 4], token)


def test_a_hyphen_is_the_place_behind_the_last_item():
    assert position([1, 2], "-") == 2
    with pytest.raises(PointerError):
        existing([1, 2], ("-",))


@pytest.mark.parametrize("tokens", [("b",), ("a", "2"), ("a", "0", "x"), ("a", "x")])
def test_what_is_not_there_is_told(tokens):
    with pytest.raises(PointerError):
        existing({"a": [1, 2]}, tokens)
