"""Definitions that are kept, as long as there is room."""

import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

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


@pytest.fixture
def _restless():
    """Let threads take turns as often as they can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("_restless")
def test_threads_share_it():
    cache = Cache(10)
    kept = value_set_of(value_set("a", clause()))

    def use(number):
        for turn in range(30_000):
            key = "ValueSet", str((turn * number) % 7)
            assert cache.get(key, 1) in (None, kept)
            cache.put(key, 1, 1 + turn % 4, kept)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(use, range(1, 5)))
    assert cache._used == sum(size for _, size, _ in cache._kept.values()) <= 10
