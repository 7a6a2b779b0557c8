"""Python's `re` is asked only where it has few ways to try, and says what the automaton says."""

from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fhir_server.fhirpath.language.bounded import MAX_TRIED
from fhir_server.fhirpath.language.regex import compiled

ONES = st.sampled_from(["a", "b", ".", "[ab]", "[^a]", r"\d", r"\w", r"\s", r"\.", "{", "-", "é"])
COUNTS = st.sampled_from(["", "", "*", "+", "?", "??", "*?", "{2}", "{1,2}", "{0,3}", "{2,}"])
PLACES = st.sampled_from(["^", "$", r"\b", r"\B"])


def grown(inner):
    either = st.lists(inner, min_size=1, max_size=3).map("|".join)
    group = st.builds("{0}{1}){2}".format, st.sampled_from(["(", "(?:", "(?<n>"]), either, COUNTS)
    return st.lists(inner | group, max_size=4).map("".join) | either


PATTERNS = st.recursive(st.builds("{0}{1}".format, ONES, COUNTS) | PLACES, grown, max_leaves=8)
TEXTS = st.text("ab1 .\n-é{", max_size=12)


def spend(_steps):
    """Have no end of steps."""


@given(PATTERNS, TEXTS)
@example(r"\B", "")
def test_both_ways_to_match_agree(pattern, text):
    program = compiled(pattern.replace("(?<n>", "(?:"))
    automaton = replace(program, quick=None)
    assert program.matches(text, spend) == automaton.matches(text, spend)


@pytest.mark.parametrize(
    "pattern",
    [
        "^[0-9]{12}$",
        "^([A-Z]{2}[1-5][0-9]{12}|[0-9]{10})$",
        r"^[A-Z][0-9]{2}(\.[0-9A-Z]{1,4})?[*†]?$",
        "^[^ ]+ .*$",
        "(ab|cd){2}",
    ],
)
def test_a_pattern_of_few_ways_is_asked_of_re(pattern):
    quick = compiled(pattern).quick
    assert quick
    assert quick.tried("x" * 15) <= MAX_TRIED


@pytest.mark.parametrize(
    "pattern",
    ["(a+)+$", "(a|a)*", "(a?){500}", "(a*)*b", "(a|b|ab)*c", "a*a*a*a*b", "((a{0,9}){9}){9}"],
)
def test_a_pattern_of_many_ways_is_never_asked_of_re(pattern):
    assert compiled(pattern).quick is None


@pytest.mark.parametrize("pattern", ["a*b", "a*a*b", "a{0,99}a{0,99}b"])
def test_a_long_text_is_not_given_to_re(pattern):
    quick = compiled(pattern).quick
    assert quick
    assert quick.tried("a" * 2000) > MAX_TRIED


@pytest.mark.parametrize("pattern", ["a{2}{3}", "a*+", "^*a"])
def test_what_re_reads_otherwise_stays_with_the_automaton(pattern):
    assert compiled(pattern).quick is None


def test_what_re_does_is_taken_from_the_budget():
    spent = []
    assert not compiled("^a{0,20}a{0,20}b$").matches("a" * 40, spent.append)
    assert sum(spent) > len("a" * 40)
