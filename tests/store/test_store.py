"""The store from outside: what is written is what is read."""

import asyncio
from uuid import uuid4

import pytest
from msgspec import structs

from fhir_server.fhir import json
from fhir_server.fhir.dates import instant
from fhir_server.fhir.errors import Conflict, Forbidden, Invalid, NotFound, PreconditionFailed
from fhir_server.search.condition import AnyOf, Everything, Nothing
from fhir_server.search.query import BY_ID, SortKey
from fhir_server.store import reads
from fhir_server.store.documents import Change
from fhir_server.store.store import Store

ALL = Everything()


def patient(id_, method="create", *, family="Bưởi", **more):
    resource = {"resourceType": "Patient", "name": [{"family": family}]}
    fields = more.pop("fields", {"family": [family]})
    return Change("Patient", id_, method, resource, fields, "1", **more)


async def test_what_is_created_is_read_back_with_version_and_time(store):
    [made] = await store.commit(ALL, [patient("p1")])
    found = await store.read(ALL, "Patient", "p1")
    assert found == made
    assert found.body == json.dump(
        {
            "resourceType": "Patient",
            "id": "p1",
            "meta": {"versionId": "1", "lastUpdated": instant(made.ts)},
            "name": [{"family": "Bưởi"}],
        }
    )


async def test_decimals_and_other_meta_keep_their_place(store):
    text = b'{"resourceType":"Observation","meta":{"tag":[{"code":"a"}],"versionId":"9"},"v":1.00}'
    change = Change("Observation", "o1", "create", json.parse_object(text), {}, "1")
    [made] = await store.commit(ALL, [change])
    assert b'"v":1.00' in made.body
    meta = json.parse_object(made.body)["meta"]
    assert meta == {"versionId": "1", "lastUpdated": instant(made.ts), "tag": [{"code": "a"}]}


async def test_an_update_makes_the_next_version_and_keeps_the_old(store):
    [first] = await store.commit(ALL, [patient("p1")])
    [second] = await store.commit(ALL, [patient("p1", "update", family="Cam")])
    assert (second.version, second.ts > first.ts) == (2, True)
    assert await store.vread(ALL, "Patient", "p1", 1) == first
    assert await store.vread(ALL, "Patient", "p1", 2) == second
    assert await store.vread(ALL, "Patient", "p1", 3) is None


async def test_a_deleted_resource_is_gone_and_its_versions_stay(store):
    [first] = await store.commit(ALL, [patient("p1")])
    [gone] = await store.commit(ALL, [Change("Patient", "p1", "delete")])
    assert (gone.deleted, gone.body, gone.version) == (True, None, 2)
    assert await store.read(ALL, "Patient", "p1") == gone
    assert await store.vread(ALL, "Patient", "p1", 1) == first
    assert await store.vread(ALL, "Patient", "p1", 2) == gone
    assert (await store.search(ALL, "Patient", ALL)).found == ()


async def test_a_second_delete_changes_nothing(store):
    await store.commit(ALL, [patient("p1")])
    [gone] = await store.commit(ALL, [Change("Patient", "p1", "delete")])
    [again] = await store.commit(ALL, [Change("Patient", "p1", "delete")])
    assert again == structs.replace(gone, changed=False)
    assert len(await store.history(ALL, "Patient", "p1")) == 2
    assert await store.database.commits.count_documents({}) == 2


async def test_deleting_what_never_was_changes_nothing(store):
    [gone] = await store.commit(ALL, [Change("Patient", "p1", "delete")])
    assert (gone.version, gone.deleted, gone.changed) == (0, True, False)
    assert await store.read(ALL, "Patient", "p1") is None


async def test_a_resource_made_again_goes_on_counting(store):
    await store.commit(ALL, [patient("p1")])
    await store.commit(ALL, [Change("Patient", "p1", "delete")])
    [again] = await store.commit(ALL, [patient("p1", "update")])
    assert again.version == 3
    assert await store.read(ALL, "Patient", "p1") == again
    assert [one.version for one in await store.history(ALL, "Patient", "p1")] == [3, 2, 1]


async def test_an_update_with_what_stands_there_makes_no_version(store):
    [first] = await store.commit(ALL, [patient("p1")])
    [same] = await store.commit(ALL, [patient("p1", "update")])
    assert (same.version, same.body, same.changed) == (1, first.body, False)
    assert await store.history(ALL, "Patient", "p1") == [first]


async def test_what_never_was_is_none(store):
    assert await store.read(ALL, "Patient", "p1") is None
    assert await store.read_many(ALL, "Patient", ["p1", "p2"]) == {}


async def test_a_stale_version_fails_the_whole_transaction(store):
    await store.commit(ALL, [patient("p1")])
    with pytest.raises(PreconditionFailed):
        await store.commit(ALL, [patient("p0"), patient("p1", "update", expected=7)])
    assert await store.read(ALL, "Patient", "p0") is None


async def test_an_expected_version_of_nothing_fails(store):
    with pytest.raises(PreconditionFailed):
        await store.commit(ALL, [patient("p1", "update", expected=1)])


async def test_an_id_made_by_the_server_must_be_new(store):
    await store.commit(ALL, [patient("p1", must_not_exist=True)])
    with pytest.raises(Conflict):
        await store.commit(ALL, [patient("p1", must_not_exist=True)])


async def test_the_same_resource_twice_in_one_transaction_is_refused(store):
    with pytest.raises(Invalid):
        await store.commit(ALL, [patient("p1"), patient("p1", "update")])


@pytest.mark.parametrize("type_", ["commits", "Patient_history", "", "patient", "P$x", "P.x", None])
async def test_only_a_resource_type_names_a_collection(store, type_):
    with pytest.raises(Invalid):
        await store.commit(ALL, [Change(type_, "p1", "create", {})])
    with pytest.raises(Invalid):
        await store.read(ALL, type_, "p1")


@pytest.mark.parametrize("id_", ["", "a/b", "a\n", "..%00", "x" * 65, "é"])
async def test_only_a_resource_id_is_stored(store, id_):
    with pytest.raises(Invalid):
        await store.commit(ALL, [patient(id_)])


async def test_results_come_in_the_order_of_the_changes(store):
    made = await store.commit(ALL, [patient("b"), patient("a"), patient("c")])
    assert [one.id for one in made] == ["b", "a", "c"]
    assert len({one.ts for one in made}) == 1


async def test_without_an_access_decision_nothing_runs(store):
    for call in (
        store.read(None, "Patient", "p1"),
        store.read_many(None, "Patient", ["p1"]),
        store.vread(None, "Patient", "p1", 1),
        store.history(None, "Patient", "p1"),
        store.search(None, "Patient", ALL),
        store.count(None, "Patient", ALL),
        store.commit(None, [patient("p1")]),
        store.commit(lambda _type: None, [patient("p1")]),
    ):
        with pytest.raises(TypeError):
            await call


async def test_the_access_decision_hides_what_it_does_not_hold_for(store):
    await store.commit(ALL, [patient("p1"), patient("p2", family="Cam")])
    mine = AnyOf("x.family", ("Bưởi",))
    assert await store.read(mine, "Patient", "p2") is None
    assert (await store.read(mine, "Patient", "p1")).version == 1
    assert [one.id for one in (await store.search(mine, "Patient", ALL)).found] == ["p1"]
    assert await store.count(mine, "Patient", ALL) == 1
    assert await store.vread(mine, "Patient", "p2", 1) is None
    assert await store.history(mine, "Patient", "p2") == []
    assert await store.read(Nothing(), "Patient", "p1") is None


async def test_an_old_tombstone_does_not_speak_for_a_hidden_resource(store):
    await store.commit(ALL, [patient("p1")])
    await store.commit(ALL, [Change("Patient", "p1", "delete")])
    await store.commit(ALL, [patient("p1", "update", family="Cam")])
    assert await store.read(AnyOf("x.family", ("Bưởi",)), "Patient", "p1") is None


async def test_a_decision_on_ids_also_holds_for_old_versions(store):
    await store.commit(ALL, [patient("p1")])
    await store.commit(ALL, [patient("p1", "update")])
    mine, other = AnyOf("_id", ("p1",)), AnyOf("_id", ("p2",))
    assert (await store.vread(mine, "Patient", "p1", 1)).version == 1
    assert await store.vread(other, "Patient", "p1", 1) is None


async def test_versions_asked_for_at_once_are_found_together_and_none_for_another(
    store, monkeypatch
):
    [first] = await store.commit(ALL, [patient("p1")])
    [second, hidden] = await store.commit(
        ALL,
        [
            patient("p1", "update", family="Mận", fields={"family": ["Bưởi"]}),
            patient("p2", family="Cam"),
        ],
    )
    [gone] = await store.commit(ALL, [Change("Patient", "p1", "delete")])
    [other] = await store.commit(ALL, [patient("p3")])
    asked, find = [], reads.find

    async def counted(database, collection, *rest, **more):
        asked.append(collection)
        return await find(database, collection, *rest, **more)

    monkeypatch.setattr(reads, "find", counted)
    mine = AnyOf("x.family", ("Bưởi",))
    names = [("p1", 1), ("p1", 2), ("p1", 3), ("p1", 4), ("p2", 1), ("p3", 1), ("p3", 2)]
    for allow, others in ((ALL, hidden), (mine, None)):
        asked.clear()
        found = await asyncio.gather(*(store.vread(allow, "Patient", *one) for one in names))
        assert found == [first, second, gone, None, others, other, None]
        assert asked == ["Patient", "Patient_history"]


async def test_writes_are_judged_on_the_stored_and_on_the_new_state(store):
    await store.commit(ALL, [patient("p1"), patient("p2", family="Cam")])
    mine = AnyOf("x.family", ("Bưởi",))
    with pytest.raises(NotFound):
        await store.commit(mine, [patient("p2", "update")])
    [hidden] = await store.commit(mine, [Change("Patient", "p2", "delete")])
    assert (hidden.version, hidden.changed) == (0, False)
    assert (await store.read(ALL, "Patient", "p2")).version == 1
    with pytest.raises(Forbidden):
        await store.commit(mine, [patient("p1", "update", family="Cam")])
    with pytest.raises(Forbidden):
        await store.commit(mine, [patient("p3", family="Cam")])
    await store.commit(mine, [patient("p1", "update")])


async def test_a_decision_may_differ_by_type(store):
    decisions = {"Patient": ALL, "Observation": Nothing()}
    await store.commit(decisions.get, [patient("p1")])
    with pytest.raises(Forbidden):
        await store.commit(decisions.get, [Change("Observation", "o1", "create", {}, {}, "1")])
    with pytest.raises(TypeError):
        await store.commit(decisions.get, [Change("Encounter", "e1", "create", {}, {}, "1")])


async def test_a_search_gives_a_page_and_where_it_ended(store):
    await store.commit(ALL, [patient(f"p{n}", fields={"rank": n}) for n in range(5)])
    by_rank = (SortKey("x.rank", descending=True), SortKey("_id"))
    page = await store.search(ALL, "Patient", ALL, by_rank, 2)
    assert [one.id for one in page.found] == ["p4", "p3"]
    assert (page.more, page.last) == (True, (3, "p3"))
    whole = await store.search(ALL, "Patient", ALL, by_rank, 5)
    assert (whole.more, len(whole.found)) == (False, 5)


async def test_a_bare_page_has_the_bodies_and_the_fields_that_are_asked_for(store):
    fields = [{"rank": 1, "name": "one"}, {"name": "two"}]
    changes = [patient(f"p{number}", fields=one) for number, one in enumerate(fields)]
    made = await store.commit(ALL, changes)
    page = await store.search(ALL, "Patient", ALL, (BY_ID,), bare=True, names=("rank",))
    assert [(one.id, one.body) for one in page.found] == [(one.id, one.body) for one in made]
    assert {(one.version, one.ts) for one in page.found} == {(0, 0)}
    assert page.fields == {"p0": {"rank": 1}, "p1": {}}
    whole = await store.search(ALL, "Patient", ALL, (BY_ID,))
    assert [(one.version, one.ts) for one in whole.found] == [(1, one.ts) for one in made]
    assert whole.fields == {}


async def test_a_count_counts(store):
    await store.commit(ALL, [patient("p1"), patient("p2", family="Cam")])
    assert await store.count(ALL, "Patient", ALL) == 2
    assert await store.count(ALL, "Patient", AnyOf("x.family", ("Cam",))) == 1
    assert await store.count(ALL, "Encounter", ALL) == 0


async def test_the_probe_writes(store):
    await store.probe()
    assert await store.database.probe.count_documents({}) == 1


async def test_processes_that_start_at_once_prepare_one_database_and_share_one_key(mongodb_uri):
    name = f"test_{uuid4().hex}"
    stores = [Store.open(mongodb_uri, name) for _ in range(4)]
    await asyncio.gather(*(store.prepare() for store in stores))
    keys = await asyncio.gather(*(store.secret("cursor") for store in stores))
    assert len(set(keys)) == 1
    await stores[0].database.client.drop_database(name)
    for store in stores:
        await store.close()
