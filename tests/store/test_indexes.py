"""Indexes: what is wanted, what is missing, and building it."""

from fhir_server.store.indexes import Index, wanted_indexes

WANTED = {
    "*": [[["ts", -1], ["_id", 1]]],
    "Patient": [[["x.identifier", 1]], [["x.name", 1], ["_id", 1]]],
}
TYPES = ["Encounter", "Patient"]


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
