"""Looking a slice up by one value says what asking every slice says."""

import pytest

from fhir_server.spec.element_tree import tree_of
from fhir_server.validation.findings import Definitions, Visit
from fhir_server.validation.profiles import which
from fhir_server.validation.profiles.discriminators import matcher
from fhir_server.validation.profiles.walk import Walk
from fhir_server.validation.questions import Questions

BY_SYSTEM = [{"type": "value", "path": "system"}]
ITEMS = [
    {"system": "a", "value": "1"},
    {"system": "b"},
    {"system": "c"},
    {"value": "1"},
    {"_system": {"id": "a"}},
    {},
]


def slices(*said):
    """Give slices of Patient.identifier, each with what it says of `system`."""
    path = "Patient.identifier"
    elements = [{"id": "Patient", "path": "Patient"}, {"id": path, "path": path}]
    for number, system in enumerate(said):
        elements.append({"id": f"{path}:s{number}", "path": path, "sliceName": f"s{number}"})
        below = {"id": f"{path}:s{number}.system", "path": f"{path}.system"}
        elements.append({**below, **system})
    return tree_of(elements).children[0].slices


def numbers(spec, nodes, by):
    """Give the slices of each item, by what is quick where it can be, and by asking each."""
    visit = Visit(Definitions(spec), Questions(), {}, {})
    walk = Walk(visit, lambda _item, _canonical, _walk: None)
    matches = [matcher(spec.structures, lambda _url: None, one, by) for one in nodes]
    quick = which.which_of(spec.structures, lambda _url: None, nodes, ["Identifier"], by)
    slow = which.ByMatches(matches)
    items = [("Identifier", one, None) for one in ITEMS]
    return [list(quick(one, walk)) for one in items], [list(slow(one, walk)) for one in items]


@pytest.mark.parametrize(
    "said",
    [
        [{"fixedUri": "a"}, {"patternUri": "b", "min": 1}],
        [{"fixedUri": "a"}, {"fixedUri": "a"}],
        [{"fixedUri": "a"}, {"max": "0"}],
        [{"patternUri": "b"}],
    ],
)
def test_both_ways_to_find_a_slice_agree(spec, said):
    quick, slow = numbers(spec, slices(*said), BY_SYSTEM)
    assert quick == slow
    assert any(quick)


def test_slices_that_differ_in_one_fixed_value_are_looked_up(spec, monkeypatch):
    nodes = slices({"fixedUri": "a"}, {"fixedUri": "b"})
    monkeypatch.setattr(which, "matcher", None)
    find = which.which_of(spec.structures, lambda _url: None, nodes, ["Identifier"], BY_SYSTEM)
    assert list(find(("Identifier", {"system": "b"}, None), None)) == [1]
