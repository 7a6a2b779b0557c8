"""Regular expressions in linear time, the same as Python's where both read the pattern."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_server.fhir.errors import Invalid
from fhir_server.terminology.regex import matcher


@pytest.mark.parametrize(
    ("pattern", "matched", "others"),
    [
        ("", [""], ["a"]),
        ("abc", ["abc"], ["ab", "abcd", "xabc", ""]),
        ("[A-Z]{2}", ["VN"], ["V", "VNM", "vn"]),
        ("[0-9]{3}", ["704"], ["70", "70A"]),
        ("^J1[0-8](\\.\\d)?$", ["J10", "J18.9"], ["J19", "J18.", "J18x9"]),
        ("a|b|", ["a", "b", ""], ["ab"]),
        ("(?:ab)+", ["ab", "abab"], ["aba", ""]),
        ("a{2,3}", ["aa", "aaa"], ["a", "aaaa"]),
        ("a{2,}", ["aa", "aaaaaa"], ["a"]),
        ("(a|bc){0,2}", ["", "a", "bca"], ["aaa"]),
        ("[^a-c]", ["d", "ờ"], ["a"]),
        (".*", ["", "a\nb"], []),
        ("\\.\\*\\$", [".*$"], ["a*$"]),
        ("a{0}b", ["b"], ["ab"]),
    ],
)
def test_a_pattern_matches_whole_texts(pattern, matched, others):
    matches = matcher(pattern)
    assert all(matches(text) for text in matched)
    assert not any(matches(text) for text in others)


@pytest.mark.parametrize(
    "pattern",
    [
        "(", ")", "a)", "(a", "*", "a**", "a+?", "a{2}{3}", "(?=a)", "(?P<n>a)", "(a)\\1", "[",
        "[z-a]", "\\p{L}", "[\\p{L}]", "a{3,2}", "a{", "}", "a^b", "a$b", "[[a]]", "[a--b]", "\\",
        "(" * 50 + "a" + ")" * 50, "a" * 501, "(a{99}){99}", "\\bword", "[a&&b]", "[]",
    ],
)  # fmt: skip
def test_what_is_not_read_is_refused(pattern):
    with pytest.raises(Invalid, match="regex of a ValueSet"):
        matcher(pattern)


def test_a_pattern_that_takes_others_for_ever_is_answered():
    assert not matcher("(a*)*b")("a" * 5_000)
    assert not matcher("(a|a)*b")("a" * 5_000)
    assert matcher("(((){999}){999}){999}")("")


letters = st.sampled_from(["a", "b", "[ab]", ".", "[^a]"])
patterns = st.recursive(
    letters,
    lambda inner: st.one_of(
        st.tuples(inner, inner).map("".join),
        st.tuples(inner, inner).map(lambda both: f"({both[0]}|{both[1]})"),
        st.tuples(inner, st.sampled_from(["*", "+", "?", "{2}", "{1,2}", "{0,1}", "{1,}"])).map(
            lambda both: f"({both[0]}){both[1]}"
        ),
    ),
    max_leaves=6,
)


@given(patterns, st.text(alphabet="abc", max_size=8))
def test_the_answer_is_that_of_python(pattern, text):
    assert matcher(pattern)(text) == bool(re.fullmatch(pattern, text, re.DOTALL))
