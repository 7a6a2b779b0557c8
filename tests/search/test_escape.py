"""Escapes in search values."""

from hypothesis import given
from hypothesis import strategies as st

from fhir_server.search.escape import split, unescape


def test_a_comma_splits_unless_escaped():
    assert split("a,b", ",") == ["a", "b"]
    assert split(r"a\,b,c", ",") == [r"a\,b", "c"]
    assert split(r"a\\,b", ",") == [r"a\\", "b"]


def test_a_limit_leaves_the_rest_whole():
    assert split("a|b|c", "|", 1) == ["a", "b|c"]
    assert split(r"a\|b|c|d", "|", 1) == [r"a\|b", "c|d"]


def test_escapes_come_off():
    assert unescape(r"a\,b\|c\$d\\e\f") == r"a,b|c$d\e\f"


@given(st.lists(st.text(alphabet=r"ab,|$\ "), min_size=1))
def test_what_is_escaped_comes_back(values):
    def escape(text):
        return "".join(f"\\{letter}" if letter in r",|$\ ".strip() else letter for letter in text)

    joined = ",".join(map(escape, values))
    assert [unescape(part) for part in split(joined, ",")] == values
