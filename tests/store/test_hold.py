"""The legal hold, judged where every write is committed."""

import pytest

from fhir_server.fhir.errors import Conflict
from fhir_server.search.condition import Everything
from fhir_server.store.documents import Change
from fhir_server.store.hold import CODE, SYSTEM

ALL = Everything()
HELD = {"_security": [f"{SYSTEM}|{CODE}", f"*|{CODE}"]}


def put(type_, id_, *, fields=None, number=0, **more):
    resource = {"resourceType": type_, "number": number}
    return Change(type_, id_, "update", resource, fields or {}, "1", **more)


async def test_the_hold_of_a_resource_forbids_each_end(store):
    await store.commit(ALL, [put("Basic", "b", fields=HELD)])
    for method in ("delete", "purge", "purge-history"):
        with pytest.raises(Conflict):
            await store.commit(ALL, [Change("Basic", "b", method)])
    assert (await store.read(ALL, "Basic", "b")).version == 1


async def test_the_hold_of_one_of_several_patients_is_enough(store):
    about = {"_patient": ["p", "q"]}
    await store.commit(ALL, [put("Patient", "p"), put("Patient", "q", fields=HELD)])
    await store.commit(ALL, [put("Basic", "b", fields=about), put("Basic", "c")])
    with pytest.raises(Conflict):
        await store.commit(ALL, [Change("Basic", "b", "delete")])
    await store.commit(ALL, [Change("Basic", "c", "delete")])


async def test_the_same_code_of_another_system_holds_nothing(store):
    other = {"_tag": [f"http://example.org/other|{CODE}", f"*|{CODE}"]}
    await store.commit(ALL, [put("Basic", "b", fields=other)])
    await store.commit(ALL, [Change("Basic", "b", "delete")])


async def test_only_a_change_that_may_lifts_a_hold(store):
    await store.commit(ALL, [put("Basic", "b", fields=HELD)])
    with pytest.raises(Conflict):
        await store.commit(ALL, [put("Basic", "b", number=1)])
    await store.commit(ALL, [put("Basic", "b", fields=HELD, number=2)])
    await store.commit(ALL, [put("Basic", "b", number=3, lifts_hold=True)])
    await store.commit(ALL, [Change("Basic", "b", "delete")])
