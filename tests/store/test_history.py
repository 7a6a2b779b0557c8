"""What was, newest first."""

import itertools

from fhir_server.search.condition import Everything
from fhir_server.store.documents import Change

ALL = Everything()


NUMBER = itertools.count()


def patient(id_, method):
    return Change("Patient", id_, method, {"resourceType": "Patient", "n": next(NUMBER)}, {}, "1")


async def written(store):
    made = []
    for id_, method in [
        ("a", "create"),
        ("b", "create"),
        ("a", "update"),
        ("b", "delete"),
        ("a", "update"),
    ]:
        made += await store.commit(ALL, [patient(id_, method)])
    return made


async def test_a_resource_tells_its_own_versions(store):
    made = await written(store)
    assert await store.history(ALL, "Patient", "a") == [made[4], made[2], made[0]]
    assert await store.history(ALL, "Patient", "b") == [made[3], made[1]]


async def test_a_type_tells_all_versions_of_all(store):
    made = await written(store)
    assert await store.history(ALL, "Patient") == made[::-1]
    methods = [one.method for one in await store.history(ALL, "Patient")]
    assert methods == ["update", "delete", "update", "create", "create"]


async def test_since_leaves_out_what_is_older(store):
    made = await written(store)
    assert await store.history(ALL, "Patient", since=made[2].ts) == made[:1:-1]


async def test_pages_follow_each_other_without_gap(store):
    made = await written(store)
    pages, before = [], None
    while page := await store.history(ALL, "Patient", before=before, limit=2):
        pages += page
        before = (page[-1].ts, page[-1].id)
    assert pages == made[::-1]


async def test_changes_of_one_transaction_page_by_id(store):
    made = await store.commit(ALL, [patient(id_, "create") for id_ in "abc"])
    first = await store.history(ALL, "Patient", limit=2)
    rest = await store.history(ALL, "Patient", before=(first[-1].ts, first[-1].id), limit=2)
    assert [*first, *rest] == made[::-1]


async def test_at_tells_what_was_current_then(store):
    made = await written(store)
    moment = (made[2].ts, made[2].ts + 1)
    assert await store.history(ALL, "Patient", at=moment) == [made[2], made[1]]
    now = (made[4].ts, made[4].ts + 1)
    assert await store.history(ALL, "Patient", "a", at=now) == [made[4]]
