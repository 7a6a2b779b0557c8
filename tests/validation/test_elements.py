"""Rules for one JSON property."""

from fhir_server.validation.elements import accepted, many, refused
from fhir_server.validation.primitives import CHECKS


def test_an_array_is_held_to_its_maximum():
    rule = many(CHECKS["code"], "2")
    assert rule(["a", "b"], {}) is None
    assert rule(["a", "b", "c"], {}) == [("", "structure", "at most 2 may be given, not 3")]


def test_an_array_without_maximum_may_be_long():
    assert many(CHECKS["code"], "*")(["a"] * 1000, {}) is None


def test_every_bad_item_is_told_with_its_index():
    found = many(CHECKS["code"], "*")(["a", "", "b", " "], {})
    assert [place for place, _code, _told in found] == ["[1]", "[3]"]


def test_anything_is_accepted_or_refused_where_the_definition_says_so():
    assert accepted("x", {}) is None
    assert refused("x", {})[0][1] == "structure"
