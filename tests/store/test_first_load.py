"""A first load is whole however it ended: each resource in one commit, with its relations."""

from contextlib import suppress

import bson
import pytest

from fhir_server.fhir.errors import Conflict, NotSupported
from fhir_server.search.condition import Everything
from fhir_server.store import chunks, first_load
from fhir_server.store.documents import Change
from fhir_server.store.first_load import FirstLoad

ALL = Everything()
CARE = {"_care": [{"holder": "Organization/h", "patient": "p", "until": None, "kind": "care"}]}


def change(type_, id_, fields=None, **resource):
    return Change(type_, id_, "update", {"resourceType": type_, **resource}, fields or {}, "1")


def batch(name, ts=None):
    patients = [change("Patient", f"p{name}-{number}") for number in range(5)]
    return first_load.batch(ALL, [*patients, change("Encounter", f"e{name}", CARE)], ts or name)


async def told(store):
    """Give the keys of what the feed tells of, each as often as it does."""
    commits, _ = await store.follow()
    return sorted((type_, id_, v) for one in commits for type_, id_, v, _ in one.changes)


async def there(store):
    found = []
    for type_ in ("Patient", "Encounter"):
        rows = await store.database[type_].find({}, {"v": 1}).to_list()
        found += [(type_, row["_id"], row["v"]) for row in rows]
    return sorted(found)


async def sources(store):
    return sorted(row["source"] for row in await store.database.relations.find().to_list())


async def test_a_batch_reads_as_what_clients_wrote(store):
    load = FirstLoad(store.database)
    assert await load.begin() == 0
    assert await load.write(batch(10)) == []
    await load.end()
    one = await store.read(ALL, "Patient", "p10-1")
    assert (one.version, one.ts) == (1, 10)
    assert b'"lastUpdated":"1970-01-01T00:00:00.000010Z"' in one.body
    assert await told(store) == await there(store)
    assert await sources(store) == ["Encounter/e10"]
    with pytest.raises(Conflict, match="empty"):
        await load.begin()


@pytest.mark.parametrize("stop", ["Patient", "Encounter", "relations", "commits", "loading"])
async def test_what_was_broken_off_is_mended_and_gone_on_with(store, monkeypatch, stop):
    load = FirstLoad(store.database)
    await load.begin()
    await load.write(batch(10))
    kind = type(store.database.Patient)
    for name in ("insert_many", "update_one", "delete_one"):
        monkeypatch.setattr(kind, name, _ending(getattr(kind, name), stop))
    with suppress(InterruptedError):
        await load.write(batch(20))
    monkeypatch.undo()
    assert await FirstLoad(store.database).begin() >= 10
    assert await told(store) == await there(store)
    assert await load.write(batch(30)) == []
    assert await load.write(batch(20, 40)) == []
    assert await told(store) == await there(store)
    assert len(await there(store)) == 18
    assert await sources(store) == ["Encounter/e10", "Encounter/e20", "Encounter/e30"]


def _ending(real, stop):
    async def called(collection, *arguments, **named):
        if collection.name == stop:
            raise InterruptedError
        return await real(collection, *arguments, **named)

    return called


async def test_what_comes_late_is_mended_too(store, monkeypatch):
    clock = 0
    monkeypatch.setattr(first_load, "wall", lambda: clock)
    load = FirstLoad(store.database)
    await load.begin()
    await store.database.loading.insert_one({"_id": 20, "at": 0})
    assert await load.mend() == 1
    [late] = batch(20).rows["Encounter"].values()
    await store.database.Encounter.insert_one(bson.decode(late))
    clock = 61_000_000
    assert (await load.mend(), await load.mend()) == (1, 0)
    assert await told(store) == await there(store) == [("Encounter", "e20", 1)]
    assert await sources(store) == ["Encounter/e20"]


async def test_another_resource_under_an_id_in_use_is_given_back(store):
    load = FirstLoad(store.database)
    await load.begin()
    await load.write(first_load.batch(ALL, [change("Patient", "a"), change("Patient", "b")], 10))
    two = [change("Patient", "a", active=True), change("Patient", "b"), change("Patient", "c")]
    [left] = await load.write(first_load.batch(ALL, two, 20))
    assert (left.id, left.resource["active"]) == ("a", True)
    await store.commit(ALL, [left])
    assert (await store.read(ALL, "Patient", "a")).version == 2


def test_the_second_of_an_id_and_what_is_too_large_come_after(monkeypatch):
    monkeypatch.setattr(chunks, "SIZE", 200)
    given = [
        change("Patient", "a"),
        change("Patient", "a", active=True),
        change("Patient", "big", text="x" * 300),
    ]
    made = first_load.batch(ALL, given, 1)
    assert list(made.rows["Patient"]) == ["a"]
    assert {one.id for one in made.again} == {"a", "big"}
    assert made.keys() == {("Patient", "a"), ("Patient", "big")}


@pytest.mark.parametrize("type_", ["SearchParameter", "AuditEvent"])
def test_what_is_more_than_itself_is_refused(type_):
    with pytest.raises(NotSupported, match=type_):
        first_load.check(type_)


async def test_references_to_nothing_are_found(store):
    load = FirstLoad(store.database)
    await load.begin()
    await load.write(batch(10))
    assert await load.missing(["Patient/p10-1", "Patient/none", "Group/g"]) == {
        "Patient/none",
        "Group/g",
    }
