"""FHIRPath text to syntax tree."""

import pytest

from fhir_server.fhirpath.syntax import Binary, Call, FhirPathError, Index, Literal, Name, parse


def test_a_path_is_read_from_left_to_right():
    assert parse("Patient.name.family") == Name(Name(Name(None, "Patient"), "name"), "family")


def test_as_binds_tighter_than_a_union():
    tree = parse("A.x as B | A.y")
    assert tree == Binary(
        "|",
        Binary("as", Name(Name(None, "A"), "x"), Name(None, "B")),
        Name(Name(None, "A"), "y"),
    )


def test_and_binds_looser_than_equality():
    tree = parse("a.exists() and a != false")
    assert tree == Binary(
        "and",
        Call(Name(None, "a"), "exists", ()),
        Binary("!=", Name(None, "a"), Literal(False)),
    )


def test_an_index_follows_a_path():
    assert parse("entry[0].resource") == Name(Index(Name(None, "entry"), Literal(0)), "resource")


def test_a_string_may_hold_words_and_escaped_quotes():
    tree = parse(r"telecom.where(system='it\'s or )')")
    assert isinstance(tree, Call)
    assert tree.arguments == (Binary("=", Name(None, "system"), Literal("it's or )")),)


@pytest.mark.parametrize(
    "text", ["", "a.", "a..b", "a |", "a b", "where(", "a[", "a[0", "a ; b", "'open", "(a", "a.(b)"]
)
def test_what_is_no_path_is_refused(text):
    with pytest.raises(FhirPathError):
        parse(text)


def test_a_hostile_depth_is_refused():
    with pytest.raises(FhirPathError, match="too deeply"):
        parse("(" * 10_000 + "a")
