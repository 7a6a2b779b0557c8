"""Transactions that meet: nobody's write is lost, nothing is made twice."""

import asyncio
import itertools

import pytest
from pymongo.errors import AutoReconnect

from fhir_server.fhir.errors import Conflict, PreconditionFailed
from fhir_server.search.condition import AnyOf, Everything
from fhir_server.store import commit, transact
from fhir_server.store.documents import Change
from fhir_server.store.store import Store

ALL = Everything()


NUMBER = itertools.count()


def patient(id_, method="create", *, fields=None, **more):
    resource = {"resourceType": "Patient", "number": next(NUMBER)}
    return Change("Patient", id_, method, resource, fields or {}, "1", **more)


async def test_of_fifty_writers_of_one_version_one_wins(store):
    await store.commit(ALL, [patient("p1")])
    change = patient("p1", "update", expected=1)
    answers = await asyncio.gather(
        *(store.commit(ALL, [change]) for _ in range(50)), return_exceptions=True
    )
    won = [answer for answer in answers if isinstance(answer, list)]
    assert len(won) == 1
    assert sum(isinstance(answer, PreconditionFailed) for answer in answers) == 49
    assert (await store.read(ALL, "Patient", "p1")).version == 2


async def test_writers_that_expect_nothing_make_versions_without_holes(store):
    await store.commit(ALL, [patient("p1")])
    await asyncio.gather(*(store.commit(ALL, [patient("p1", "update")]) for _ in range(20)))
    versions = await store.history(ALL, "Patient", "p1")
    assert [one.version for one in versions] == list(range(21, 0, -1))
    stamps = [one.ts for one in versions]
    assert stamps == sorted(stamps, reverse=True)
    assert len(set(stamps)) == 21


async def test_of_two_who_make_the_same_id_one_makes_the_second_version(store):
    made = await asyncio.gather(*(store.commit(ALL, [patient("p1", "update")]) for _ in range(8)))
    assert sorted(one.version for [one] in made) == list(range(1, 9))


async def test_looking_then_locking_makes_one_resource(store):
    same_number = AnyOf("x.number", ("|079",))

    async def make_once(number):
        async def plan(transaction):
            found = await transaction.search("Patient", same_number, 1)
            if found:
                return []
            await transaction.lock("Patient?identifier=079")
            fields = {"number": ["|079"]}
            return [patient(f"p{number}", fields=fields, must_not_exist=True)]

        return await store.transact(ALL, plan)

    made = await asyncio.gather(*(make_once(number) for number in range(10)))
    assert sum(map(len, made)) == 1
    assert await store.count(ALL, "Patient", same_number) == 1


async def test_a_plan_reads_one_snapshot(store):
    await store.commit(ALL, [patient("p1"), patient("p2")])

    async def plan(transaction):
        first = await transaction.read("Patient", "p1")
        await store.commit(ALL, [patient("p2", "update")])
        second = await transaction.read("Patient", "p2")
        assert (first.version, second.version) == (1, 1)
        return []

    assert await store.transact(ALL, plan) == []


async def test_a_plan_sees_the_last_version_of_what_is_deleted(store):
    await store.commit(ALL, [patient("p1")])
    await store.commit(ALL, [Change("Patient", "p1", "delete")])
    seen = []

    async def plan(transaction):
        seen.append(await transaction.read("Patient", "p1"))
        seen.append(await transaction.last_version("Patient", "p1"))
        seen.append(await transaction.last_version("Patient", "p2"))
        return []

    await store.transact(ALL, plan)
    assert seen[0] is None
    assert (seen[1].version, seen[1].deleted) == (2, True)
    assert seen[2] is None


async def test_what_a_plan_raises_leaves_nothing_behind(store):
    async def plan(transaction):
        await transaction.lock("a")
        raise PreconditionFailed("no")

    with pytest.raises(PreconditionFailed):
        await store.transact(ALL, plan)
    assert await store.database.locks.count_documents({}) == 0


async def test_a_lock_does_not_keep_what_it_was_made_of(store):
    async def plan(transaction):
        await transaction.lock("079123456789")
        return [patient("p1")]

    await store.transact(ALL, plan)
    [lock] = await store.database.locks.find().to_list()
    assert "079123456789" not in str(lock)


async def test_who_always_comes_second_is_told_so(mongodb_uri, store):
    hasty = Store.open(mongodb_uri, store.database.name, patience=0.3)
    await store.commit(ALL, [patient("p1")])

    async def plan(transaction):
        await transaction.read("Patient", "p1")
        await store.commit(ALL, [patient("p1", "update")])
        return [patient("p1", "update")]

    with pytest.raises(Conflict):
        await hasty.transact(ALL, plan)
    await hasty.close()


async def test_a_cancelled_write_holds_nothing(store):
    entered = asyncio.Event()

    async def plan(transaction):
        await transaction.lock("a")
        entered.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(store.transact(ALL, plan))
    await entered.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    async def after(transaction):
        await transaction.lock("a")
        return [patient("p1")]

    assert len(await store.transact(ALL, after)) == 1


async def test_the_clock_of_another_machine_cannot_turn_time_back(mongodb_uri, store):
    [first] = await store.commit(ALL, [patient("p1")])
    slow = Store.open(mongodb_uri, store.database.name, now=lambda: 1_000_000)
    [second] = await slow.commit(ALL, [patient("p1", "update")])
    [other] = await slow.commit(ALL, [patient("p2")])
    assert first.ts < second.ts < other.ts
    await slow.close()


async def test_who_gives_up_while_it_commits_is_heard_when_it_is_known(store, monkeypatch):
    sending = asyncio.Event()
    may_send = asyncio.Event()
    send = commit._send

    async def slow(session):
        sending.set()
        await may_send.wait()
        await send(session)

    monkeypatch.setattr(commit, "_send", slow)
    task = asyncio.create_task(store.commit(ALL, [patient("p1")]))
    await sending.wait()
    task.cancel()
    may_send.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (await store.read(ALL, "Patient", "p1")).version == 1
    assert store._writer._in_flight == {}


async def test_what_nobody_has_heard_of_and_stands_there_becomes_its_next_version(store):
    await store.commit(ALL, [patient("p1")])
    made = await store.commit(
        ALL, [patient("p1", "update", unheard=True), patient("p2", "update", unheard=True)]
    )
    assert [(one.id, one.version, one.created) for one in made] == [
        ("p1", 2, False),
        ("p2", 1, True),
    ]
    assert [one.version for one in await store.history(ALL, "Patient", "p1")] == [2, 1]


async def test_what_nobody_has_heard_of_and_was_deleted_goes_on_from_its_tombstone(store):
    await store.commit(ALL, [patient("p1")])
    await store.commit(ALL, [Change("Patient", "p1", "delete")])
    [made] = await store.commit(ALL, [patient("p1", "update", unheard=True)])
    assert made.version == 3
    assert [one.version for one in await store.history(ALL, "Patient", "p1")] == [3, 2, 1]


@pytest.mark.parametrize(
    ("labels", "attempt", "spent", "again"),
    [
        (["TransientTransactionError"], 0, 0.01, True),
        (["TransientTransactionError"], 0, 0.6, True),
        (["TransientTransactionError"], 0, 1.5, False),
        (["TransientTransactionError"], 1, 0.01, False),
        ([], 0, 0.01, False),
        (["UnknownTransactionCommitResult"], 0, 0.01, False),
    ],
)
def test_a_connection_that_breaks_soon_is_tried_once_more(labels, attempt, spent, again):
    error = AutoReconnect("operation cancelled")
    for label in labels:
        error._add_error_label(label)
    assert transact.again(error, attempt, spent) is again
