"""The versions of all types, merged."""

import pytest

from fhir_server.search.condition import AnyOf, Everything, Not, Nothing
from fhir_server.store import history
from fhir_server.store.documents import Change

ALL = Everything()
TYPES = {"Basic": ALL, "Group": ALL, "Patient": ALL}


def change(type_, id_, method="create", n=0):
    return Change(type_, id_, method, {"resourceType": type_, "n": n}, {}, "1")


async def written(store):
    made = await store.commit(ALL, [change("Basic", id_) for id_ in "abc"])
    made += await store.commit(ALL, [change("Patient", "p"), change("Group", "g")])
    made += await store.commit(ALL, [change("Basic", "a", "update", 1), change("Group", "h")])
    made += await store.commit(ALL, [change("Patient", "p", "delete")])
    made += await store.commit(ALL, [change("Basic", "b", "update", 2)])
    return sorted(made, key=lambda one: (one.ts, one.type, one.id), reverse=True)


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 100])
async def test_pages_follow_each_other_without_gap(store, limit):
    made = await written(store)
    told, before = [], None
    while page := await store.system_history(TYPES, before=before, limit=limit):
        told += page
        before = (page[-1].ts, page[-1].type, page[-1].id)
    assert told == made
    assert [one.body for one in told] == [one.body for one in made]


async def test_a_page_asks_only_the_types_that_changed_last(store, monkeypatch):
    asked = []
    rows = history.rows

    async def noting(database, allow, type_, *rest, **limits):
        asked.append(type_)
        return await rows(database, allow, type_, *rest, **limits)

    await written(store)
    monkeypatch.setattr(history, "rows", noting)
    await store.system_history(TYPES, limit=2)
    assert sorted(asked) == ["Basic", "Patient"]


async def test_only_types_that_are_allowed_are_told(store):
    made = await written(store)
    for limit in (1, 2, 100):
        told = await store.system_history({"Patient": ALL}, limit=limit)
        assert told == [one for one in made if one.type == "Patient"][:limit]
    assert await store.system_history({}, limit=5) == []


async def test_a_narrowed_type_leaves_no_hole_in_a_page(store):
    made = await written(store)
    allowed = {**TYPES, "Basic": Not(AnyOf("_id", ("b",))), "Group": Nothing()}
    expected = [one for one in made if one.type != "Group" and (one.type, one.id) != ("Basic", "b")]
    for limit in (1, 2, 3, 100):
        told = await store.system_history(allowed, limit=limit)
        assert told == expected[:limit]


async def test_bounds_count_for_every_type(store):
    made = await written(store)
    since = made[4].ts
    assert await store.system_history(TYPES, since=since, limit=100) == [
        one for one in made if one.ts >= since
    ]
    moment = (made[5].ts, made[5].ts + 1)
    current = {(one.type, one.id) for one in await store.system_history(TYPES, at=moment)}
    assert current == {("Basic", id_) for id_ in "abc"} | {("Patient", "p"), ("Group", "g")}


async def test_a_page_ends_where_its_bodies_fill_it(store):
    made = await written(store)
    told = await store.system_history(TYPES, limit=100, size=len(made[0].body) + 1)
    assert told == made[:3]


async def test_what_was_purged_leaves_no_hole_in_a_page(store):
    made = await written(store)
    await store.database["Basic"].delete_many({})
    await store.database["Basic_history"].delete_many({})
    left = [one for one in made if one.type != "Basic"]
    for limit in (1, 2, 100):
        assert await store.system_history(TYPES, limit=limit) == left[:limit]
