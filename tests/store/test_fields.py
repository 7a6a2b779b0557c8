"""Index fields read alone, under an access decision."""

import pytest

from fhir_server.search.condition import AnyOf, Everything
from fhir_server.store.documents import Change

ALL = Everything()


def put(id_, **fields):
    return Change("Basic", id_, "update", {"resourceType": "Basic"}, fields, "1")


async def test_the_named_fields_are_given_by_id(store):
    await store.commit(ALL, [put("a", code=["x"], date={"lo": 1}), put("b", code=["y"])])
    found = await store.fields(ALL, "Basic", ALL, ("code", "date"), 9)
    assert found == {"a": {"code": ["x"], "date": {"lo": 1}}, "b": {"code": ["y"]}}
    assert await store.fields(ALL, "Basic", ALL, (), 9) == {"a": {}, "b": {}}
    assert len(await store.fields(ALL, "Basic", ALL, ("code",), 1)) == 1
    assert await store.fields(ALL, "Basic", AnyOf("x.code", ("z",)), ("code",), 9) == {}


async def test_distinct_values_are_each_given_once(store):
    await store.commit(ALL, [put("a", code=["x", "y"]), put("b", code=["y"]), put("c")])
    assert await store.distinct(ALL, "Basic", "x.code") == {"x", "y"}


async def test_nothing_is_read_without_a_decision_or_beyond_it(store):
    await store.commit(ALL, [put("a", code=["x"]), put("b", code=["y"])])
    mine = AnyOf("_id", ("b",))
    assert list(await store.fields(mine, "Basic", ALL, (), 9)) == ["b"]
    assert await store.distinct(mine, "Basic", "x.code") == {"y"}
    with pytest.raises(TypeError):
        await store.fields(None, "Basic", ALL, (), 9)
    with pytest.raises(TypeError):
        await store.distinct(None, "Basic", "x.code")


async def test_versions_are_given_by_id(store):
    made = await store.commit(ALL, [put("a", code=["x"]), put("b", code=["y"])])
    expected = {one.id: (1, one.ts) for one in made}
    assert await store.versions(ALL, "Basic", ALL, 9) == expected
    assert len(await store.versions(ALL, "Basic", ALL, 1)) == 1
    changed = Change("Basic", "a", "update", {"resourceType": "Basic", "language": "vi"}, {}, "1")
    (again,) = await store.commit(ALL, [changed])
    assert await store.versions(ALL, "Basic", AnyOf("_id", ("a",)), 9) == {"a": (2, again.ts)}
    assert await store.versions(AnyOf("_id", ("b",)), "Basic", ALL, 9) == {"b": expected["b"]}
    with pytest.raises(TypeError):
        await store.versions(None, "Basic", ALL, 9)
