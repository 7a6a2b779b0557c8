"""Definitions that are kept, as long as there is room."""

from fhir_server.terminology.cache import Cache
from fhir_server.terminology.value_set import value_set_of
from tests.terminology.systems import clause, value_set


def test_the_cache_keeps_what_was_used_last():
    cache = Cache(10)
    a, b, c = (value_set_of(value_set(name, clause())) for name in "abc")
    cache.put(("ValueSet", "a"), 1, 4, a)
    cache.put(("ValueSet", "b"), 1, 4, b)
    assert cache.get(("ValueSet", "a"), 1) is a
    assert cache.get(("ValueSet", "a"), 2) is None
    cache.put(("ValueSet", "c"), 1, 4, c)
    assert cache.get(("ValueSet", "b"), 1) is None
    cache.put(("ValueSet", "a"), 2, 6, b)
    assert cache.get(("ValueSet", "a"), 2) is b
    assert cache.get(("ValueSet", "c"), 1) is c
    cache.put(("ValueSet", "d"), 1, 11, a)
    assert cache.get(("ValueSet", "d"), 1) is None
