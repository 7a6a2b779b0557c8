"""The text of a filter: how it is taken apart, and where it is wrong."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_server.fhir.errors import Invalid
from fhir_server.search.filter_text import Comparison, Denied, Joined, Step, parse

A, B, C = (Comparison((Step(name),), "eq", "1", 1) for name in "abc")


def bare(found):
    """Give a filter without the places of its tests."""
    match found:
        case Comparison():
            path = tuple(Step(step.name, step.filter and bare(step.filter)) for step in found.path)
            return Comparison(path, found.operator, found.value, 1)
        case Joined():
            return Joined(found.word, (bare(found.parts[0]), bare(found.parts[1])))
        case _:
            return Denied(bare(found.part))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a eq 1", A),
        ("  a  eq\t1 ", A),
        ('a eq "1"', A),
        ("(a eq 1)", A),
        ("((a eq 1))", A),
        ("a eq 1 and b eq 1", Joined("and", (A, B))),
        ("a eq 1 or b eq 1 and c eq 1", Joined("and", (Joined("or", (A, B)), C))),
        ("a eq 1 or (b eq 1 and c eq 1)", Joined("or", (A, Joined("and", (B, C))))),
        ("not (a eq 1)", Denied(A)),
        ("not(a eq 1)and b eq 1", Joined("and", (Denied(A), B))),
        ('a co "x) and \\"y\\""', Comparison((Step("a"),), "co", 'x) and "y"', 1)),
        ('a co "\\u1ec7"', Comparison((Step("a"),), "co", "ệ", 1)),
        ("a eq http://loinc.org|1-2", Comparison((Step("a"),), "eq", "http://loinc.org|1-2", 1)),
        ("subject.name co x", Comparison((Step("subject"), Step("name")), "co", "x", 1)),
        (
            "subject:Patient.name co x",
            Comparison((Step("subject:Patient"), Step("name")), "co", "x", 1),
        ),
        ("_id eq x", Comparison((Step("_id"),), "eq", "x", 1)),
        ("not-given eq x", Comparison((Step("not-given"),), "eq", "x", 1)),
        ("a[b eq 1].c eq 1", Comparison((Step("a", B), Step("c")), "eq", "1", 1)),
        ("a[b eq 1] . c eq 1", Comparison((Step("a", B), Step("c")), "eq", "1", 1)),
    ],
)
def test_a_filter_is_taken_apart(text, found):
    assert bare(parse(text)) == found


def test_a_test_knows_where_it_begins():
    found = parse(" a eq 1 and  b eq 1")
    assert isinstance(found, Joined)
    assert [part.at for part in found.parts] == [2, 14]


@pytest.mark.parametrize(
    ("text", "letter", "told"),
    [
        ("", 1, "the name of a parameter"),
        ("a", 2, "an operator"),
        ("a eq", 3, "an operator"),
        ("a eq )", 6, "a value"),
        ("a is 1", 6, "'is' is no operator"),
        ("a eq 1 b eq 1", 8, "`and`, `or` or the end"),
        ("(a eq 1", 8, "`)`"),
        ("a eq 1)", 7, "the end"),
        ("not a eq 1", 5, "`(` behind `not`"),
        ("a[b eq 1.c eq 1", 12, "`]`"),
        ("a. eq 1", 7, "an operator"),
        ('a eq "1', 6, "a value"),
        ('a eq "\\ud800"', 14, "JSON string"),
        ("1 eq 1", 1, "the name"),
    ],
)
def test_what_is_no_filter_says_at_which_letter(text, letter, told):
    with pytest.raises(Invalid) as error:
        parse(text)
    assert f"letter {letter}:" in str(error.value)
    assert told in str(error.value)


@pytest.mark.parametrize(
    "text",
    [
        "(" * 9 + "a eq 1" + ")" * 9,
        "a[" * 9 + "a eq 1" + "].a eq 1" * 9,
        " and ".join(["a eq 1"] * 51),
        f"a eq {'x' * 5000}",
        "(" * 4000,
    ],
)
def test_too_much_of_one_is_refused(text):
    with pytest.raises(Invalid) as error:
        parse(text)
    assert error.value.issues[0].code == "too-costly"


PIECES = st.sampled_from(
    ["a", "b", "eq", "co", "pr", "and", "or", "not", "(", ")", "[", "]", ".", '"', '"x"', "\\", "1",
     " ", ":", "|", "_has", "é", "\x00"]
)  # fmt: skip


@given(st.lists(PIECES, max_size=25).map("".join) | st.lists(PIECES, max_size=25).map(" ".join))
def test_any_text_is_a_filter_or_invalid(text):
    with suppress(Invalid):
        assert parse(text)
