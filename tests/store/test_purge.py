"""Erasing on the road of writes: judged like every change, and nothing is left."""

import pytest

from fhir_server.fhir.errors import NotFound
from fhir_server.search.condition import AnyOf, Everything
from fhir_server.store.documents import Change

ALL = Everything()
MINE = AnyOf("x.owner", ("me",))


def put(id_, number=0, owner="me"):
    resource = {"resourceType": "Patient", "number": number}
    return Change("Patient", id_, "update", resource, {"owner": owner, "_patient": [id_]}, "1")


def purge(id_, method="purge"):
    return Change("Patient", id_, method)


async def test_a_purge_gives_the_last_version_as_gone(store):
    await store.commit(ALL, [put("p", 1)])
    await store.commit(ALL, [put("p", 2)])
    (gone,) = await store.commit(ALL, [purge("p")])
    assert (gone.version, gone.deleted, gone.method, gone.body) == (2, True, "purge", None)
    assert await store.read(ALL, "Patient", "p") is None
    assert await store.history(ALL, "Patient", "p") == []


async def test_a_purge_history_gives_the_last_version_that_stays(store):
    await store.commit(ALL, [put("p", 1)])
    await store.commit(ALL, [put("p", 2)])
    (kept,) = await store.commit(ALL, [purge("p", "purge-history")])
    assert (kept.version, kept.deleted) == (2, False)
    assert [one.version for one in await store.history(ALL, "Patient", "p")] == [2]


@pytest.mark.parametrize("method", ["purge", "purge-history"])
async def test_what_is_out_of_reach_is_not_erased(store, method):
    await store.commit(ALL, [put("mine"), put("theirs", owner="them"), put("gone", owner="them")])
    await store.commit(ALL, [Change("Patient", "gone", "delete")])
    for id_ in ("theirs", "gone", "never"):
        with pytest.raises(NotFound):
            await store.commit(MINE, [purge(id_, method)])
    await store.commit(MINE, [purge("mine", method)])
    assert await store.read(ALL, "Patient", "theirs") is not None
    assert await store.read(ALL, "Patient", "gone") is not None


async def test_all_go_or_none(store):
    await store.commit(ALL, [put("a"), put("b")])
    with pytest.raises(NotFound):
        await store.commit(ALL, [purge("a"), purge("never")])
    assert await store.read(ALL, "Patient", "a") is not None
    await store.commit(ALL, [purge("a"), purge("b"), put("c")])
    assert await store.count(ALL, "Patient", ALL) == 1


async def test_a_plan_finds_the_deleted_that_a_caller_may_reach(store):
    await store.commit(ALL, [put("p"), put("q", owner="them")])
    await store.commit(ALL, [Change("Patient", id_, "delete") for id_ in ("p", "q")])
    found = []

    async def plan(transaction):
        about = AnyOf("x._patient", ("p", "q"))
        found.append(await transaction.deleted(about, 10))
        return []

    await store.transact(ALL, plan)
    await store.transact(MINE, plan)
    assert found == [[("Patient", "p"), ("Patient", "q")], [("Patient", "p")]]
