"""Everything that is reached by following edges."""

from fhir_server.terminology.closure import closure

EDGES = {"a": ["b", "c"], "b": ["d"], "c": ["d"], "d": ["a"]}


def test_what_is_reached_is_given_with_the_start():
    assert closure({"a": ["b", "c"], "c": ["d"]}, "a") == {"a", "b", "c", "d"}
    assert closure({"a": ["b"]}, "b") == {"b"}


def test_a_cycle_is_walked_once():
    assert closure(EDGES, "d") == {"a", "b", "c", "d"}
    assert closure({"a": ["a"]}, "a") == {"a"}


def test_a_long_chain_is_followed_to_its_end():
    chain = {str(number): [str(number + 1)] for number in range(50_000)}
    assert len(closure(chain, "0")) == 50_001
