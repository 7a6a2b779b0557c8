"""Indexes: what is wanted, what is missing, and building it."""

import re
from pathlib import Path

from fhir_server.search.plan import shown
from fhir_server.store.indexes import Index, wanted_indexes

WANTED = {
    "*": [[["ts", -1], ["_id", 1]]],
    "Patient": [[["x.identifier", 1]], [["x.name", 1], ["_id", 1]]],
}
TYPES = ["Encounter", "Patient"]
PAGE = Path(__file__).parents[2] / "docs" / "search-performance.md"


def test_a_star_means_every_type_and_history_has_its_own():
    found = wanted_indexes(WANTED, TYPES)
    assert Index("Encounter", (("ts", -1), ("_id", 1))) in found
    assert Index("Patient", (("x.identifier", 1),)) in found
    assert Index("Patient_history", (("id", 1), ("v", -1))) in found
    assert len(found) == len(set(found)) == 8


async def test_what_is_built_is_not_missing(store):
    missing = await store.indexing.missing(WANTED, TYPES)
    assert missing == wanted_indexes(WANTED, TYPES)
    told = []
    await store.indexing.build(missing, lambda done, all_: told.append((done, all_)))
    assert told == [(1, 8), (3, 8), (6, 8), (8, 8)]
    assert await store.indexing.missing(WANTED, TYPES) == []


async def test_one_that_was_dropped_is_missing_and_building_again_is_harmless(store):
    await store.indexing.build(wanted_indexes(WANTED, TYPES))
    await store.database.Patient.drop_index([("x.identifier", 1)])
    assert await store.indexing.missing(WANTED, TYPES) == [Index("Patient", (("x.identifier", 1),))]
    await store.indexing.build(wanted_indexes(WANTED, TYPES))
    assert await store.indexing.missing(WANTED, TYPES) == []


async def test_preparing_twice_is_harmless_and_what_is_of_the_moment_expires(store):
    await store.prepare()
    for name in ("locks", "writers"):
        rows = await (await store.database[name].list_indexes()).to_list()
        assert any("expireAfterSeconds" in row for row in rows)


async def test_what_no_documented_search_needs_any_more_is_dropped_and_what_is_wanted_stays(store):
    wanted = {"ServiceRequest": [[["x.identifier", 1]]], "Task": [[["x.focus", 1]]]}
    added = [("x.focus", 1), ("x.owner", 1)]
    await store.database.Task.create_index(added)
    old = [("x.patient", 1), ("x.code", 1)]
    await store.database.ServiceRequest.create_index(old)
    types = ["ServiceRequest", "Task"]
    assert await store.indexing.retired(wanted, types) == [Index("ServiceRequest", tuple(old))]
    await store.indexing.ensure(wanted, types)
    assert await store.indexing.retired(wanted, types) == []
    await store.indexing.drop([Index("ServiceRequest", tuple(old))])
    keys = {
        (name, tuple(row["key"].items()))
        for name in types
        for row in await (await store.database[name].list_indexes()).to_list()
    }
    assert ("ServiceRequest", (("x.identifier", 1),)) in keys
    assert {("Task", (("x.focus", 1),)), ("Task", tuple(added))} <= keys
    assert ("ServiceRequest", tuple(old)) not in keys


async def test_an_own_index_that_another_begins_like_is_dropped(store):
    await store.prepare()
    relations = store.database.relations
    await relations.create_index([("holder", 1)])
    await store.indexing.ensure({}, ["Basic"])
    rows = await (await relations.list_indexes()).to_list()
    keys = [tuple(row["key"]) for row in rows]
    assert sorted(keys) == [("_id",), ("holder", "patient"), ("source",)]


async def test_the_page_names_the_indexes_of_the_stores_own_collections_and_of_histories(store):
    told = re.findall(
        r"^\| (every history|`[a-z_]+`(?:, `[a-z_]+`)*) \| `([^`]+)` \|",
        PAGE.read_text("utf-8"),
        re.MULTILINE,
    )
    rows = {(name.strip("`"), keys) for of, keys in told for name in of.split(", ")}
    there = {("every history", shown(one.keys)) for one in wanted_indexes({}, ["Patient"])}
    for name in await store.database.list_collection_names():
        for row in await (await store.database[name].list_indexes()).to_list():
            keys = shown(tuple(row["key"].items()))
            there |= {(name, keys)} if keys != "_id" else set()
    assert rows == there
