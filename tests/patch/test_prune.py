"""What a patch empties is left out."""

from fhir_server.patch.prune import pruned


def test_what_is_empty_is_left_out_from_the_inside_out():
    resource = {"a": [], "b": {}, "c": [{"d": [{}]}], "e": [{"f": 1}, {}], "g": 0, "h": None}
    assert pruned(resource) == {"e": [{"f": 1}], "g": 0, "h": None}


def test_an_array_beside_a_primitive_keeps_its_length():
    name = {"given": ["a", "b"], "_given": [{}, {"id": "x"}]}
    assert pruned({"name": [name]}) == {
        "name": [{"given": ["a", "b"], "_given": [None, {"id": "x"}]}]
    }
    assert pruned({"given": ["a", "b"], "_given": [None, {}]}) == {"given": ["a", "b"]}


def test_a_text_that_looks_empty_is_kept():
    assert pruned({"a": "{}", "b": "[]", "c": {}}) == {"a": "{}", "b": "[]"}


def test_the_resource_given_is_not_changed():
    resource = {"a": [{"b": []}]}
    pruned(resource)
    assert resource == {"a": [{"b": []}]}
