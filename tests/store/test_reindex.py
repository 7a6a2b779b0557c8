"""Index fields written anew, without a new version."""

from msgspec import structs

from fhir_server.search.condition import AnyOf, Everything
from fhir_server.store import reindex
from fhir_server.store.documents import Change
from fhir_server.store.reindex import Counts, Step

ALL = Everything()


def toy(id_, index_format="1", method="create"):
    resource = {"resourceType": "Toy", "name": f"name of {id_}"}
    return Change("Toy", id_, method, resource, {"old": ["1"]}, index_format)


def by_name(resource):
    return {"name": [resource["name"]]}


async def test_a_type_is_outdated_until_it_is_reindexed(store):
    assert await store.indexing.outdated({"Toy": "1", "Empty": "1"}) == set()
    made = await store.commit(ALL, [toy("a"), toy("b")])
    assert await store.indexing.outdated({"Toy": "2"}) == {"Toy"}
    assert await store.indexing.step("Toy", by_name, "2") == Step("b", 2)
    assert await store.indexing.step("Toy", by_name, "2", after="b") is None
    assert await store.indexing.outdated({"Toy": "2"}) == {"Toy"}
    assert await store.indexing.verify("Toy", "2") == Counts(2, 2)
    assert await store.indexing.outdated({"Toy": "2"}) == set()
    page = await store.search(ALL, "Toy", AnyOf("x.name", ("name of a",)))
    assert page.found == (made[0],)
    assert await store.count(ALL, "Toy", AnyOf("x.old", ("1",))) == 0


async def test_documents_from_before_any_record_are_seen(store):
    await store.commit(ALL, [toy("a", "0")])
    assert await store.indexing.outdated({"Toy": "1"}) == {"Toy"}


async def test_what_is_in_the_wanted_format_already_is_passed_over_unless_everything_is_asked(
    store,
):
    await store.commit(ALL, [toy("a"), toy("b", "2"), toy("c")])
    assert await store.indexing.step("Toy", by_name, "2") == Step("c", 2)
    assert await store.indexing.step("Toy", by_name, "2") is None
    assert await store.indexing.step("Toy", by_name, "2", everything=True) == Step("c", 3)


async def test_a_reindexing_goes_on_behind_the_batch_before(store, monkeypatch):
    monkeypatch.setattr(reindex, "_BATCH", 2)
    await store.commit(ALL, [toy(id_) for id_ in "abcde"])
    assert await store.indexing.step("Toy", by_name, "2") == Step("b", 2)
    assert await store.indexing.step("Toy", by_name, "2", after="b") == Step("d", 2)
    assert await store.indexing.verify("Toy", "2") == Counts(4, 5)
    assert await store.indexing.step("Toy", by_name, "2", after="d") == Step("e", 1)
    assert (await store.indexing.verify("Toy", "2")).complete


async def test_a_type_is_not_done_while_one_resource_is_in_another_format(store):
    await store.indexing.outdated({"Toy": "1"})
    await store.commit(ALL, [toy("a", "2"), toy("b")])
    assert await store.indexing.verify("Toy", "2") == Counts(1, 2)
    assert await store.indexing.outdated({"Toy": "2"}) == {"Toy"}
    assert (await store.indexing.verify("Empty", "2")).complete


async def test_a_resource_that_changes_meanwhile_is_left_to_its_writer(store):
    [made] = await store.commit(ALL, [toy("a")])
    document = await store.database.Toy.find_one({"_id": "a"})
    await store.commit(ALL, [structs.replace(toy("a", "2", "update"), resource={"name": "new"})])
    await store.database.Toy.bulk_write([reindex._update(document, {"new": ["1"]}, "2")])
    assert (await store.database.Toy.find_one({"_id": "a"}))["x"] == {"old": ["1"]}
    assert (await store.read(ALL, "Toy", "a")).version == made.version + 1
