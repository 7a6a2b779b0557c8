"""What searches cost: facts of a type, estimates, MongoDB's plans, and what was slow."""

import copy

import pytest

from fhir_server.fhir.errors import Unprocessable
from fhir_server.search.condition import AnyOf, Everything, Nothing
from fhir_server.search.cursor import steps
from fhir_server.search.query import BY_ID, SortKey
from fhir_server.search.shape import Shape
from fhir_server.store import costs, slow, totals
from fhir_server.store.joins import Bounds

ALL = Everything()
ODD = AnyOf("x.odd", ("yes",))


@pytest.fixture
async def filled(store):
    rows = [{"_id": f"{n:04}", "ts": n, "x": {"odd": "yes" if n % 2 else "no"}} for n in range(60)]
    await store.database.Basic.insert_many(rows)
    return store


async def test_the_facts_of_a_type_are_its_size_and_the_indexes_any_search_may_use(filled):
    basic = filled.database.Basic
    await basic.create_index([("x.odd", 1), ("_id", -1)])
    await basic.create_index("x.sparse", sparse=True)
    facts = await filled.costs.facts("Basic")
    assert facts.count == 60
    assert set(facts.indexes) == {(("_id", 1),), (("x.odd", 1), ("_id", -1))}
    assert await filled.costs.facts("Encounter") == costs.Facts()


async def test_facts_are_asked_once_in_a_while(filled, monkeypatch):
    assert (await filled.costs.facts("Basic")).count == 60
    await filled.database.Basic.delete_many({})
    assert (await filled.costs.facts("Basic")).count == 60
    monkeypatch.setattr(costs, "monotonic", lambda: float("inf"))
    assert (await filled.costs.facts("Basic")).count == 0


async def test_a_type_too_large_to_be_counted_in_time_has_its_indexes_all_the_same(
    filled, monkeypatch
):
    monkeypatch.setattr(costs, "COUNT_SECONDS", 0.000_001)
    facts = await filled.costs.facts("Basic")
    assert facts.count is None
    assert facts.indexes


async def test_an_estimate_is_exact_while_it_is_small(filled):
    for condition, count in ((ALL, 60), (ODD, 30), (Nothing(), 0)):
        assert await filled.costs.estimate(ALL, "Basic", condition, 5) == count
    assert await filled.costs.estimate(ODD, "Basic", ALL, 5) == 30


async def test_an_estimate_beyond_comes_from_a_sample(filled, monkeypatch):
    monkeypatch.setattr(totals, "COUNTED", 10)
    assert await filled.costs.estimate(ALL, "Basic", ODD, 5) == 30
    monkeypatch.setattr(totals, "SAMPLE", 20)
    assert 11 <= await filled.costs.estimate(ALL, "Basic", ODD, 5) <= 60


async def test_what_takes_too_long_is_not_counted_nor_found(filled):
    assert await filled.count(ALL, "Basic", ODD, 0.001) is None
    assert await filled.costs.estimate(ALL, "Basic", ODD, 0.000_001) is None
    hasty = copy.copy(filled)
    hasty._bounds = Bounds(seconds=0.000_001)
    with pytest.raises(Unprocessable, match="longer than 1e-06 s") as error:
        await hasty.search(ALL, "Basic", ODD, (BY_ID,), 5)
    assert error.value.issues[0].code == "too-costly"


@pytest.mark.parametrize("key", [BY_ID, SortKey("x.odd", single=False)])
async def test_mongodbs_plan_is_told_without_a_value(filled, key):
    [step] = steps(tuple(dict.fromkeys((key, BY_ID))))
    told = await filled.costs.explain(ALL, "Basic", ODD, step=step, limit=5)
    assert "COLLSCAN" in told[0] or "IXSCAN (_id)" in told[0]
    assert ("computed" in told[0]) == (key is not BY_ID)
    assert "documents examined" in told[1]
    assert "yes" not in " ".join(told)


async def test_slow_searches_are_counted_by_shape(store):
    first, other = Shape("Basic", ("x.odd",)), Shape("Basic", (), ("ts",), ("x.a",), (("ts", -1),))
    for shape, ms in ((first, 700), (first, 900), (other, 2_000)):
        store.costs.note(shape, ms)
        await store.costs.close()
    assert await store.costs.noted() == [
        slow.Slow(other, 1, 2_000, 2_000),
        slow.Slow(first, 2, 1_600, 900),
    ]


async def test_more_shapes_than_are_kept_are_passed_over(store, monkeypatch):
    monkeypatch.setattr(slow, "MOST_SHAPES", 1)
    for field in ("x.a", "x.b", "x.a"):
        await slow.note(store.database, Shape("Basic", (field,)), 600)
    assert [one.count for one in await store.costs.noted()] == [2]
    indexes = await store.database[slow.COLLECTION].index_information()
    assert indexes["at_1"]["expireAfterSeconds"] == 30 * 24 * 3600
