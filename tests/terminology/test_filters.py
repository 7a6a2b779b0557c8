"""Codes of a system chosen by a property."""

import pytest

from fhir_server.fhir.errors import Invalid
from fhir_server.terminology.code_system import code_system_of
from fhir_server.terminology.filters import filtered
from fhir_server.terminology.value_set import Filter
from tests.terminology.systems import ANIMALS

ALL = {"mammal", "cat", "lynx", "bat", "bird", "hen", "griffin"}


@pytest.mark.parametrize(
    ("name", "op", "value", "expected"),
    [
        ("concept", "is-a", "cat", {"cat", "lynx"}),
        ("code", "is-a", "cat", {"cat", "lynx"}),
        ("concept", "descendent-of", "mammal", {"cat", "lynx", "bat"}),
        ("concept", "is-not-a", "mammal", {"bird", "hen", "griffin"}),
        ("concept", "generalizes", "lynx", {"lynx", "cat", "mammal"}),
        ("concept", "=", "bat", {"bat"}),
        ("concept", "in", "bat, hen,none", {"bat", "hen"}),
        ("concept", "not-in", "bat,hen", ALL - {"bat", "hen"}),
        ("concept", "regex", ".at|h[a-e]n", {"cat", "bat", "hen"}),
        ("parent", "=", "bird", {"hen", "griffin"}),
        ("parent", "exists", "false", {"mammal", "bird"}),
        ("child", "=", "lynx", {"cat"}),
        ("child", "exists", "true", {"mammal", "cat", "bird"}),
        ("legs", "=", "2", {"bat", "hen"}),
        ("legs", "in", "2,4", {"bat", "hen", "cat"}),
        ("legs", "not-in", "2", ALL - {"bat", "hen"}),
        ("legs", "regex", "[3-9]", {"cat"}),
        ("flies", "=", "true", {"bat", "bird"}),
        ("flies", "exists", "true", {"bat", "bird", "hen"}),
        ("flies", "exists", "false", {"mammal", "cat", "lynx", "griffin"}),
    ],
)
def test_a_filter_lets_through(name, op, value, expected):
    assert filtered(code_system_of(ANIMALS), Filter(name, op, value)) == expected


@pytest.mark.parametrize(
    ("name", "op", "value", "told"),
    [
        ("concept", "is-a", "dog", "'dog' is no code of"),
        ("concept", "like", "cat", "supported: ="),
        ("legs", "is-a", "2", "supported: ="),
        ("colour", "=", "red", "no property 'colour'"),
        ("concept", "regex", "(a)\\1", "regex"),
    ],
)
def test_what_cannot_be_asked_is_refused_with_the_reason(name, op, value, told):
    with pytest.raises(Invalid, match=told):
        filtered(code_system_of(ANIMALS), Filter(name, op, value))
