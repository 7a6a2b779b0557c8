"""Whose submission made a resource: kept by every version, judged where writes are committed."""

import ast

import pytest

from fhir_server.fhir.errors import Forbidden
from fhir_server.search.condition import AnyOf, Everything
from fhir_server.store.documents import Change
from fhir_server.store.owner import FIELD
from tests.architecture.test_floors import SOURCES, name

ALL = Everything()
A, B = frozenset({"99001"}), frozenset({"99002"})


def put(id_, number=0, **more):
    resource = {"resourceType": "Basic", "number": number}
    return Change("Basic", id_, "update", resource, {"number": [number]}, "1", **more)


async def owner(store, id_):
    row = await store.database["Basic"].find_one({"_id": id_})
    return row.get(FIELD)


async def test_the_owner_is_noted_when_a_resource_is_made_and_kept_by_whoever_writes_it(store):
    await store.commit(ALL, [put("b", owner="99001"), put("c")])
    await store.commit(ALL, [put("b", 1), put("c", 1, owner="99002")])
    assert await owner(store, "b") == "99001"
    assert await owner(store, "c") is None
    await store.commit(ALL, [put("b", 2, owner="99002")])
    assert await owner(store, "b") == "99001"


async def test_the_owner_of_a_deleted_resource_is_the_owner_of_what_takes_its_place(store):
    await store.commit(ALL, [put("b", owner="99001")])
    await store.commit(ALL, [Change("Basic", "b", "delete")])
    with pytest.raises(Forbidden):
        await store.commit(ALL, [put("b", 1, owner="99002", owners=B)])
    await store.commit(ALL, [put("b", 1, owner="99002")])
    assert await owner(store, "b") == "99001"


async def test_writing_the_index_fields_anew_keeps_the_owner(store):
    await store.commit(ALL, [put("b", owner="99001")])
    await store.indexing.step("Basic", lambda _: {"other": ["1"]}, "2")
    assert await owner(store, "b") == "99001"


async def test_what_an_owner_has_is_found_by_the_field(store):
    await store.commit(ALL, [put("b", owner="99001"), put("c", owner="99002"), put("d")])
    page = await store.search(ALL, "Basic", AnyOf(FIELD, ("99001", "99009")))
    assert [one.id for one in page.found] == ["b"]


ENDS = ("delete", "purge", "purge-history")


@pytest.mark.parametrize("id_", ["theirs", "nobodys", "never-was"])
@pytest.mark.parametrize("method", ["update", "patch", *ENDS])
async def test_what_is_not_its_owners_is_refused_and_told_of_as_what_never_was(store, id_, method):
    await store.commit(ALL, [put("theirs", owner="99002"), put("nobodys")])
    content = None if method in ENDS else {"resourceType": "Basic", "number": 1}
    change = Change("Basic", id_, method, content, owners=A, expected=None)
    with pytest.raises(Forbidden) as failure:
        await store.commit(ALL, [put("own", owner="99001", owners=A), change])
    assert str(failure.value).replace(id_, "*") == (
        "Basic/* is not for this client to write: a facility's client writes only what its own "
        "submissions made."
    )
    assert await store.count(ALL, "Basic", ALL) == 2


@pytest.mark.parametrize("method", ["update", "patch", *ENDS])
async def test_what_is_its_owners_is_written(store, method):
    await store.commit(ALL, [put("b", owner="99001", owners=A)])
    content = None if method in ENDS else {"resourceType": "Basic", "number": 1}
    (made,) = await store.commit(ALL, [Change("Basic", "b", method, content, owners=A | B)])
    assert made.changed


def test_every_change_outside_the_store_says_whose_resources_it_may_write():
    made = [
        (name(path), call)
        for path in SOURCES
        if "/store/" not in name(path)
        for call in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "Change"
    ]
    assert made
    said = [place for place, call in made if "owners" in {one.arg for one in call.keywords}]
    assert said == [place for place, _ in made]
