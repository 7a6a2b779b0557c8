"""Seals and what they show: every kind of tampering, in many places, none missed."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from functools import partial
from typing import Any

import pytest
from bson import Binary

from fhir_server.fhir.errors import Unavailable
from fhir_server.store import sealer as sealing
from fhir_server.store import signing
from fhir_server.store.audit import Audit
from fhir_server.store.sealer import Sealer
from fhir_server.store.seals import CHECKPOINTS, SEALS, WAITING, Checkpoint, waiting
from fhir_server.store.signing import Signer
from fhir_server.store.verify import lines
from tests.store.auditing import KEY, facts, faults, signer

PLACES = 12
Tamper = Callable[[Any, random.Random], Awaitable[None]]


@pytest.fixture
async def sealed(store, spec, monkeypatch) -> tuple[Any, list[dict[str, Any]]]:
    """Give a database with 20 seals of 5 events and the checkpoints written elsewhere."""
    monkeypatch.setattr(sealing, "MOST", 5)
    audit, sealer = Audit(store.database, signer(spec)), Sealer(store.database, signer(spec))
    kept = []
    for first in range(0, 100, 5):
        await audit.write(partial(facts, first, 5))
        assert await sealer.seal() == 5
        if first % 20 == 15:
            checkpoint = await sealer.checkpoint(first)
            kept.append(asdict(checkpoint))
    return store.database, kept


async def test_what_nobody_touched_is_well(sealed, spec):
    database, kept = sealed
    assert await faults(spec, database, kept) == []


async def test_another_key_says_nothing_is_well(sealed, spec):
    database, kept = sealed
    assert len(await faults(spec, database, kept, b"another")) >= 120


async def _edit_body(database, random_):
    id_ = _any(random_)
    row = await database.AuditEvent.find_one({"_id": id_})
    body = bytearray(row["body"])
    body[random_.randrange(len(body))] ^= 1 << random_.randrange(7)
    await database.AuditEvent.update_one({"_id": id_}, {"$set": {"body": bytes(body)}})


async def _edit_index(database, random_):
    field, value = random_.choice(
        [("x._patient", ["other"]), ("x.agent", ["Practitioner/2"]), ("ts", 5), ("mac", b"x")]
    )
    await database.AuditEvent.update_one({"_id": _any(random_)}, {"$set": {field: value}})


async def _delete(database, random_):
    await database.AuditEvent.delete_one({"_id": _any(random_)})


async def _delete_and_its_line(database, random_):
    id_ = _any(random_)
    await database.AuditEvent.delete_one({"_id": id_})
    seal = await database[SEALS].find_one({"_id": int(id_[1:]) // 5 + 1})
    left = [one for one in seal["events"] if one[0] != id_]
    await database[SEALS].update_one({"_id": seal["_id"]}, {"$set": {"events": left}})


async def _reorder(database, random_):
    seal = await database[SEALS].find_one({"_id": random_.randint(1, 20)})
    turned = seal["events"][::-1]
    await database[SEALS].update_one({"_id": seal["_id"]}, {"$set": {"events": turned}})


async def _swap_seals(database, random_):
    first, second = random_.sample(range(1, 21), 2)
    one = await database[SEALS].find_one({"_id": first})
    two = await database[SEALS].find_one({"_id": second})
    await database[SEALS].replace_one({"_id": first}, two | {"_id": first})
    await database[SEALS].replace_one({"_id": second}, one | {"_id": second})


async def _insert(database, random_):
    row = await database.AuditEvent.find_one({"_id": _any(random_)})
    body = row["body"].replace(row["_id"].encode(), b"forged")
    await _added(database, random_, {**row, "_id": "forged", "body": body})


async def _replay(database, random_):
    row = await database.AuditEvent.find_one({"_id": _any(random_)})
    await _added(database, random_, {**row, "_id": random_.choice(["again", 5, {"odd": 1}])})


async def _added(database, random_, row):
    """Put in an event, and sometimes a list in which it waits, or what is no list."""
    await database.AuditEvent.insert_one(row)
    events = random_.choice([None, 5, [row["_id"]], [[row["_id"], row["mac"]]]])
    if events is not None:
        await database[WAITING].insert_one({"events": events})


async def _add_facts(database, random_):
    """Put in a list of facts, some of events there are, made with another key."""
    forged = Signer(b"another", dict).lists(facts(random_.randrange(200), 1))
    await database[WAITING].insert_many(forged)


async def _replay_seal(database, random_):
    seal = await database[SEALS].find_one({"_id": random_.randint(1, 20)})
    await database[SEALS].insert_one({**seal, "_id": 21})


async def _drop_seal(database, random_):
    number = random_.randint(1, 19)
    await database[SEALS].delete_one({"_id": number})
    await database.AuditEvent.delete_many({"_id": {"$in": _sealed_by(number)}})


async def _truncate(database, random_):
    """Take away the end, and the checkpoints the database has of it."""
    last = random_.randint(0, 19)
    await database[SEALS].delete_many({"_id": {"$gt": last}})
    left = [id_ for number in range(1, last + 1) for id_ in _sealed_by(number)]
    await database.AuditEvent.delete_many({"_id": {"$nin": left}})
    await database[CHECKPOINTS].delete_many({"_id": {"$gt": last}})


async def _edit_seal(database, random_):
    field, value = random_.choice([("total", 1), ("previous", b""), ("mac", b"x"), ("events", 3)])
    number = random_.randint(2, 20)
    await database[SEALS].update_one({"_id": number}, {"$set": {field: value}})


async def _edit_checkpoint(database, random_):
    field, value = random_.choice([("total", 1), ("mac", "x"), ("at", 9), ("signature", 5)])
    await database[CHECKPOINTS].update_one({}, {"$set": {field: value}})


def _sealed_by(number: int) -> list[str]:
    return [f"e{one:05}" for one in range(number * 5 - 5, number * 5)]


def _any(random_: random.Random) -> str:
    return f"e{random_.randrange(100):05}"


TAMPERS: tuple[Tamper, ...] = (
    *(_edit_body, _edit_index, _edit_seal, _edit_checkpoint),
    *(_delete, _delete_and_its_line, _drop_seal),
    *(_reorder, _swap_seals),
    *(_insert, _replay, _replay_seal),
    *(_truncate, _add_facts),
)


@pytest.mark.parametrize("tamper", TAMPERS)
async def test_tampering_is_found_wherever_it_is(sealed, spec, tamper):
    database, kept = sealed
    names = ("AuditEvent", SEALS, CHECKPOINTS)
    before = {name: await database[name].find().to_list() for name in names}
    missed = []
    for seed in range(PLACES):
        await tamper(database, random.Random(seed))
        found = await faults(spec, database, kept)
        if not found:
            missed.append(seed)
        for name, rows in before.items():
            await database[name].delete_many({})
            await database[name].insert_many(rows)
        await database[WAITING].delete_many({})
    assert missed == []


async def test_of_two_sealers_one_has_the_lease(store, spec):
    first, second = Sealer(store.database, signer(spec)), Sealer(store.database, signer(spec))
    assert await first.lead()
    assert not await second.lead()
    assert await first.lead()
    late = {"$set": {"at": (await store.database.locks.find_one())["at"] - 2 * sealing.LEASE}}
    await store.database.locks.update_one({}, late)
    assert await second.lead()
    assert not await first.lead()


async def test_two_who_seal_at_once_seal_each_event_once(store, spec):
    audit = Audit(store.database, signer(spec))
    await audit.write(partial(facts, 0, 50))
    sealers = [Sealer(store.database, signer(spec)) for _ in range(4)]

    async def seal(one: Sealer) -> int:
        try:
            return await one.seal()
        except Unavailable:
            return 0

    assert sum(await asyncio.gather(*map(seal, sealers))) == 50
    assert await faults(spec, store.database) == []


async def test_a_seal_taken_away_while_the_sealer_lives_leaves_a_hole(sealed, spec, store):
    database, _ = sealed
    audit, sealer = Audit(database, signer(spec)), Sealer(database, signer(spec))
    await audit.write(partial(facts, 100, 5))
    await sealer.seal()
    await _truncate(database, random.Random(1))
    await audit.write(partial(facts, 105, 5))
    await sealer.seal()
    assert await faults(spec, database) != []


def test_a_file_of_checkpoints_is_read_line_by_line():
    made = Checkpoint(1, 5, "ab", 7).signed(KEY)
    assert lines(made.line() + b"not json\n") == [asdict(made), {}]


async def test_an_event_without_a_signature_is_sealed_and_found(store, spec):
    row = signer(spec).event(*facts(0, 1))
    row |= {"mac": Binary(b"odd", 128)}
    await store.database.AuditEvent.insert_one(row)
    await store.database[WAITING].insert_many(waiting([row]))
    assert await Sealer(store.database, signer(spec)).seal() == 1
    [fault] = await faults(spec, store.database)
    assert fault.place == "AuditEvent/e00000"


async def test_an_event_that_waits_is_well_until_it_is_gone(store, spec):
    await Audit(store.database, signer(spec)).write(partial(facts, 0, 3))
    assert await faults(spec, store.database) == []
    [row] = await store.database[WAITING].find().to_list()
    edited = row["facts"].replace(b'"id":"e00001"', b'"id":"e00009"')
    await store.database[WAITING].update_one({}, {"$set": {"facts": edited}})
    gone = (f"AuditEvent/list-{row['_id']}", "is gone")
    [fault] = await faults(spec, store.database)
    assert (fault.place, fault.told) == (gone[0], f"{gone[1]} (not sealed yet)")
    assert await Sealer(store.database, signer(spec)).seal() == 1
    [fault] = await faults(spec, store.database)
    assert (fault.place, fault.told) == (gone[0], f"{gone[1]} (seal 1)")


@pytest.mark.parametrize("odd", [7, b"", b"{}", None])
async def test_a_list_nobody_of_us_wrote_is_told_for_good(store, spec, odd):
    await store.database[WAITING].insert_one({"_id": 1, "facts": odd, "mac": odd})
    told = [("AuditEvent/list-1", "is gone (not sealed yet)")]
    assert [(one.place, one.told) for one in await faults(spec, store.database)] == told
    assert await Sealer(store.database, signer(spec)).seal() == 1
    told = [("AuditEvent/list-1", "is gone (seal 1)")]
    assert [(one.place, one.told) for one in await faults(spec, store.database)] == told


async def test_who_was_stopped_behind_the_commit_knows_what_the_last_seal_is(
    store, spec, monkeypatch
):
    await Audit(store.database, signer(spec)).write(partial(facts, 0, 3))
    sealer, real = Sealer(store.database, signer(spec)), Sealer._keep

    async def stopped(*args: Any) -> bool:
        assert await real(*args)
        raise asyncio.CancelledError

    with monkeypatch.context() as patch:
        patch.setattr(Sealer, "_keep", stopped)
        with pytest.raises(asyncio.CancelledError):
            await sealer.seal()
    assert (await sealer.checkpoint(7)).total == 3


async def test_long_lists_are_several(store, spec, monkeypatch):
    monkeypatch.setattr(signing, "FULL", 500)
    audit = Audit(store.database, signer(spec))
    await audit.write(partial(facts, 0, 7))
    assert await store.database[WAITING].count_documents({}) > 2
    assert await Sealer(store.database, signer(spec)).seal() == 7
    assert await faults(spec, store.database) == []


async def test_what_is_no_list_is_cleared_away(store, spec):
    audit = Audit(store.database, signer(spec))
    await store.database[WAITING].insert_many(
        [{}, {"events": 7}, {"events": [["a"]]}, {"whole": 7}]
    )
    await audit.write(partial(facts, 0, 2))
    assert await Sealer(store.database, signer(spec)).seal() == 2
    assert await store.database[WAITING].count_documents({}) == 0
    assert await faults(spec, store.database) == []


async def test_lists_that_were_sealed_meanwhile_are_not_sealed_again(store, spec, monkeypatch):
    audit, sealer = Audit(store.database, signer(spec)), Sealer(store.database, signer(spec))
    await audit.write(partial(facts, 0, 2))
    before = await sealer._waiting()
    assert await Sealer(store.database, signer(spec)).seal() == 2

    async def late(_: Sealer) -> Any:
        return before

    monkeypatch.setattr(Sealer, "_waiting", late)
    assert await sealer.seal() == 0
    assert await faults(spec, store.database) == []
