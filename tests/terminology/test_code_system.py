"""A CodeSystem resource read into codes, properties and hierarchy."""

import pytest
from msgspec import Raw

from fhir_server.terminology.closure import closure
from fhir_server.terminology.code_system import code_system_of
from tests.terminology.systems import ANIMALS, code_system, concept


def test_nested_concepts_are_kinds_of_what_they_stand_in():
    system = code_system_of(ANIMALS)
    assert set(system.codes) == {"mammal", "cat", "lynx", "bat", "bird", "hen", "griffin"}
    assert system.parents["lynx"] == ("cat",)
    assert closure(system.children, "mammal") == {"mammal", "cat", "lynx", "bat"}


def test_parent_child_and_subsumed_by_are_edges_too():
    system = code_system_of(
        code_system(
            [
                concept("a", child="b"),
                concept("b"),
                concept("c", parent="b"),
                concept("d", subsumedBy="c"),
            ]
        )
    )
    assert closure(system.children, "a") == {"a", "b", "c", "d"}
    assert closure(system.parents, "d") == {"a", "b", "c", "d"}


def test_a_code_may_have_several_parents():
    both = concept("ab")
    both["property"] = [{"code": "parent", "valueCode": code} for code in ("a", "b", "b")]
    system = code_system_of(code_system([concept("a"), concept("b"), both]))
    assert system.parents == {"ab": ("a", "b")}


def test_a_system_may_name_its_edges_as_it_likes():
    property_ = {"code": "isA", "uri": "http://hl7.org/fhir/concept-properties#parent"}
    system = code_system_of(
        code_system([concept("a"), concept("b", isA="a")], property=[property_])
    )
    assert system.children == {"a": ("b",)}


def test_an_edge_to_no_code_is_passed_over():
    system = code_system_of(code_system([concept("a", parent="z", child="y", subsumedBy="a")]))
    assert not system.children
    assert closure(system.parents, "a") == {"a"}


@pytest.mark.parametrize(
    ("meaning", "subsumes"),
    [("is-a", True), ("classified-with", True), ("part-of", False), ("grouped-by", False)],
)
def test_what_nesting_means_is_up_to_the_system(meaning, subsumes):
    system = code_system_of(
        code_system(
            [concept("a", concept("b")), concept("c", parent="a")], hierarchyMeaning=meaning
        )
    )
    assert closure(system.children, "a") == {"a", "c"} | ({"b"} if subsumes else set())


def test_values_of_properties_are_kept_as_a_filter_writes_them():
    values = [
        {"code": "p", "valueCode": "x"},
        {"code": "p", "valueInteger": 3},
        {"code": "p", "valueDecimal": Raw(b"1.50")},
        {"code": "p", "valueBoolean": False},
        {"code": "p", "valueCoding": {"system": "http://example.org", "code": "y"}},
    ]
    system = code_system_of(code_system([{"code": "a", "property": values}]))
    assert system.codes["a"] == {"p": ("x", "3", "1.50", "false", "y")}
    assert system.declared == {"p"}


def test_retired_and_inactive_codes_are_inactive():
    system = code_system_of(
        code_system(
            [
                concept("a", status="retired"),
                concept("b", inactive=True),
                concept("c", inactive=False),
                concept("d", status="deprecated"),
            ]
        )
    )
    assert system.inactive == {"a", "b"}


@pytest.mark.parametrize(
    ("content", "listed"),
    [("complete", True), ("fragment", True), ("not-present", False), ("supplement", False)],
)
def test_codes_are_here_or_not(content, listed):
    assert code_system_of(code_system([concept("a")], content=content)).listed == listed


def test_a_system_without_codes_is_read():
    assert not code_system_of({"resourceType": "CodeSystem", "content": "complete"}).codes


def test_what_has_only_extensions_has_no_value():
    odd = {"property": [{}, {"_code": {}, "valueCode": "x"}], "concept": [{"_code": {}}]}
    rows = [{"_code": {}}, {"code": "parent"}, {"uri": "http://example.org"}]
    system = code_system_of(code_system([odd, {"code": "a", **odd}], property=rows))
    assert set(system.codes) == {"a"}
    assert not system.parents
