"""Writes that wait at the same time leave in one transaction, and each is told its own."""

import asyncio
import itertools
from contextlib import asynccontextmanager

import pytest

from fhir_server.fhir.errors import (
    Conflict,
    FhirError,
    Forbidden,
    Invalid,
    NotFound,
    PreconditionFailed,
    Unprocessable,
)
from fhir_server.fhir.exchange import FhirResponse
from fhir_server.search.condition import AnyOf, Everything
from fhir_server.store.documents import Change
from fhir_server.store.once import Once

ALL = Everything()
MINE = AnyOf("x._owner", ("me",))
NUMBER = itertools.count()


def patient(id_, method="update", *, owner="me", fields=None, **more):
    resource = {"resourceType": "Patient", "number": next(NUMBER)}
    return Change(
        "Patient", id_, method, resource, {"_owner": [owner], **(fields or {})}, "1", **more
    )


def observation(id_, subject):
    return Change(
        "Observation",
        id_,
        "create",
        {"resourceType": "Observation", "subject": {"reference": subject}},
        {"_references": [subject], "_owner": ["me"]},
        "1",
        must_not_exist=True,
        integrity=True,
    )


async def write(store, change, allow=ALL, *, unique=None, before=None):
    """Commit a change with those that wait, and give its body; `before` is run by its plan."""

    async def plan(_):
        if before:
            await before()
        return [change]

    async def finish(made, _):
        return FhirResponse(200, made[0].body, [("ETag", str(made[0].version))])

    return await store.answer(allow, plan, finish, unique, only=f"{change.type}/{change.id}")


@asynccontextmanager
async def under_way(store):
    """Let what is written inside wait for a write that is under way, and so go together."""
    entered, may = asyncio.Event(), asyncio.Event()

    async def wait():
        entered.set()
        await may.wait()

    first = asyncio.create_task(write(store, patient("first"), before=wait))
    await entered.wait()
    yield
    # Each that was started comes as far as to wait.
    for _ in range(5):
        await asyncio.sleep(0)
    may.set()
    await first


async def together(store, *asked):
    """Write several in one group; give what each was told."""
    async with under_way(store):
        told = asyncio.gather(*asked, return_exceptions=True)
    return await told


async def commits(store):
    """Give how many changes each transaction had, those of before excepted."""
    rows = await store.database.commits.find().sort("_id").to_list()
    sizes = [[name for _, name, *_ in row["c"]] for row in rows]
    return [len(one) for one in sizes[sizes.index(["first"]) + 1 :]]


async def versions(store, id_):
    return [one.version for one in await store.history(ALL, "Patient", id_)]


async def refused_among_31(store, bad):
    """Write 31 and this one; give what it was told."""
    good = [write(store, patient(f"p{number}")) for number in range(31)]
    *told, failure = await together(store, *good[:31], bad)
    assert all(isinstance(one, FhirResponse) for one in told), told
    found = await store.read_many(ALL, "Patient", [f"p{number}" for number in range(31)])
    assert {found[f"p{number}"].body for number in range(31)} == {one.body for one in told}
    return failure


async def test_who_waits_at_the_same_time_is_committed_at_once(store):
    told = await together(store, *(write(store, patient(f"p{number}")) for number in range(32)))
    assert all(isinstance(one, FhirResponse) for one in told)
    assert await commits(store) == [32]


async def test_more_than_a_group_holds_is_several(store):
    await together(store, *(write(store, patient(f"p{number}")) for number in range(70)))
    assert await commits(store) == [32, 32, 6]


async def test_one_that_is_refused_does_not_hold_up_the_others(store):
    bad = write(store, patient("bad", expected=7))
    assert isinstance(await refused_among_31(store, bad), PreconditionFailed)
    assert await commits(store) == [31]
    assert await store.read(ALL, "Patient", "bad") is None


async def test_one_that_the_database_refuses_is_found_by_halving(store):
    await store.commit(ALL, [patient("there")])
    bad = write(store, patient("there", "create", must_not_exist=True))
    assert isinstance(await refused_among_31(store, bad), Conflict)
    # From the second attempt on it is looked whether the id is free.
    assert await commits(store) == [16, 15]
    assert await versions(store, "there") == [1]


async def test_one_that_cannot_be_kept_is_found_by_halving(store):
    bad = write(store, patient("bad", fields={"number": [2**70]}))
    assert isinstance(await refused_among_31(store, bad), Invalid)


async def test_one_whose_answer_fails_is_not_written(store):
    async def plan(_):
        return [patient("bad")]

    async def finish(_made, _store):
        raise Unprocessable("no answer")

    bad = store.answer(ALL, plan, finish, only="Patient/bad")
    assert isinstance(await refused_among_31(store, bad), Unprocessable)
    assert await commits(store) == [16, 8, 4, 2, 1]
    assert await store.read(ALL, "Patient", "bad") is None


async def test_a_fault_of_ours_is_told_to_one(store):
    async def break_():
        raise ZeroDivisionError

    bad = write(store, patient("bad"), before=break_)
    assert isinstance(await refused_among_31(store, bad), ZeroDivisionError)


async def test_writes_of_one_resource_go_one_after_the_other(store):
    told = await together(store, *(write(store, patient("p")) for _ in range(5)))
    assert sorted(dict(one.headers)["ETag"] for one in told) == ["1", "2", "3", "4", "5"]
    assert await versions(store, "p") == [5, 4, 3, 2, 1]
    assert await commits(store) == [1] * 5


async def test_of_those_who_expect_one_version_one_wins(store):
    await store.commit(ALL, [patient("p")])
    told = await together(store, *(write(store, patient("p", expected=1)) for _ in range(8)))
    assert sum(isinstance(one, FhirResponse) for one in told) == 1
    assert sum(isinstance(one, PreconditionFailed) for one in told) == 7
    assert await versions(store, "p") == [2, 1]


async def test_each_is_judged_by_what_its_own_caller_may(store):
    await store.commit(ALL, [patient("theirs", owner="them"), patient("gone", owner="them")])
    told = await together(
        store,
        write(store, patient("mine"), MINE),
        write(store, patient("theirs"), MINE),
        write(store, patient("given", owner="them"), MINE),
        write(store, patient("gone", owner="them"), ALL),
        write(store, observation("o1", "Patient/theirs"), MINE),
        write(store, observation("o2", "Patient/theirs"), ALL),
        write(store, observation("o3", "Patient/never"), ALL),
    )
    kinds = [type(one) for one in told]
    written = FhirResponse
    assert kinds == [written, NotFound, Forbidden, written, Unprocessable, written, Unprocessable]
    assert told[4].issues[0].expression == "Observation.subject.reference"
    assert await commits(store) == [3]


async def test_a_write_that_another_comes_before_is_made_over_it(store):
    await store.commit(ALL, [patient(f"p{number}") for number in range(8)])

    async def come_between():
        if await versions(store, "p5") == [1]:
            await store.commit(ALL, [patient("p5")])

    asked = [write(store, patient(f"p{number}")) for number in range(8) if number]
    told = await together(store, write(store, patient("p0"), before=come_between), *asked)
    assert all(isinstance(one, FhirResponse) for one in told), told
    assert await versions(store, "p5") == [3, 2, 1]
    assert await versions(store, "p4") == [2, 1]


async def test_two_under_one_key_are_one(store):
    key = Once("key", b"asked")
    other = Once("key", b"other")
    told = await together(
        store,
        write(store, patient("a"), unique=key),
        write(store, patient("b"), unique=key),
        write(store, patient("c"), unique=other),
    )
    assert told[0].body == told[1].body
    assert isinstance(told[2], Unprocessable)
    assert len(await store.read_many(ALL, "Patient", "abc")) == 1


async def test_who_gives_up_before_his_turn_writes_nothing(store):
    async with under_way(store):
        gone = asyncio.create_task(write(store, patient("gone")))
        stays = asyncio.create_task(write(store, patient("stays")))
        await asyncio.sleep(0)
        gone.cancel()
    await stays
    with pytest.raises(asyncio.CancelledError):
        await gone
    assert (await store.read_many(ALL, "Patient", ["gone", "stays"])).keys() == {"stays"}


async def test_who_gives_up_under_way_harms_nobody(store):
    async def give_up():
        gone.cancel()

    async with under_way(store):
        gone = asyncio.create_task(write(store, patient("gone"), before=give_up))
        stays = asyncio.create_task(write(store, patient("stays")))
    await stays
    with pytest.raises(asyncio.CancelledError):
        await gone
    assert await store.read(ALL, "Patient", "stays") is not None
    assert store._writer._in_flight == {}


async def test_a_write_of_more_than_it_says_is_refused_where_others_meet_it(store):
    async def plan(_):
        return [patient("a"), patient("b")]

    async def finish(_made, _store):
        return FhirResponse(200, b"")

    told = await together(
        store,
        write(store, patient("b")),
        store.answer(ALL, plan, finish, only="Patient/a"),
        write(store, patient("c")),
    )
    assert not [one for one in told if isinstance(one, FhirError)]
    assert await versions(store, "b") == [2, 1]
