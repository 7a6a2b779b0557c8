"""Events are put where they are looked for, once, whoever does it and whatever stands there."""

import asyncio
from functools import partial
from typing import Any

import pytest
from pymongo.errors import ConnectionFailure

from fhir_server.fhir.errors import Unavailable
from fhir_server.store import placing
from fhir_server.store.audit import Audit, Watch
from fhir_server.store.sealer import Sealer
from fhir_server.store.seals import WAITING
from fhir_server.store.store import ALL
from tests.store.auditing import facts, faults, signer


async def test_an_event_that_was_placed_is_well_until_it_is_gone(store, spec):
    audit = Audit(store.database, signer(spec))
    await audit.write(partial(facts, 0, 3))
    await audit.place()
    assert await faults(spec, store.database) == []
    await store.database.AuditEvent.delete_one({"_id": "e00001"})
    [fault] = await faults(spec, store.database)
    assert (fault.place, fault.told) == ("AuditEvent/e00001", "is gone (not sealed yet)")


@pytest.mark.parametrize("forged", [{"body": b"{}"}, {"mac": b"7"}, {"mac": None}, "another's"])
@pytest.mark.parametrize("asked", [False, True])
async def test_what_stands_in_an_events_place_is_written_over(store, spec, asked, forged):
    if forged == "another's":
        other = signer(spec).event(*facts(2, 1))
        forged = {name: other[name] for name in ("body", "mac")}
    audit = Audit(store.database, signer(spec))
    made = [signer(spec).event(fact) for fact in facts(0, 2)]
    await store.database.AuditEvent.insert_one(made[1] | forged)
    await audit.write(partial(facts, 0, 2))
    if asked:
        await audit.place()
    assert await Sealer(store.database, signer(spec)).seal() == 2
    assert await store.database.AuditEvent.find().sort("_id").to_list() == made
    assert await faults(spec, store.database) == []


async def test_what_another_version_put_in_an_events_place_stays(store, spec):
    other = {**signer(spec).event(*facts(0, 1))}
    other["body"] = other["body"].replace(b'"outcome":"0"', b'"outcome":"0","outcomeDesc":"-"')
    other |= signer(spec).marks(other["body"])
    await store.database.AuditEvent.insert_one(other)
    await Audit(store.database, signer(spec)).write(partial(facts, 0, 2))
    assert await Sealer(store.database, signer(spec)).seal() == 2
    assert await store.database.AuditEvent.find_one({"_id": other["_id"]}) == other
    assert await faults(spec, store.database) == []


async def test_who_asks_for_events_gets_those_that_wait(store, spec):
    store.watch = Watch(Audit(store.database, signer(spec)))
    for first in (0, 2):
        await store.note(partial(facts, first, 2))
    assert await store.database.AuditEvent.count_documents({}) == 0
    assert await store.count(ALL, "AuditEvent", ALL) == 4
    assert await faults(spec, store.database) == []
    assert await Sealer(store.database, signer(spec)).seal() == 4
    assert await faults(spec, store.database) == []


async def test_all_who_ask_at_once_get_them(store, spec):
    store.watch = Watch(Audit(store.database, signer(spec)))
    await store.note(partial(facts, 0, 50))
    asked = [store.read(ALL, "AuditEvent", f"e{one:05}") for one in range(50)]
    found = await asyncio.gather(Sealer(store.database, signer(spec)).seal(), *asked)
    assert all(found[1:])


async def test_who_asks_does_not_wait_for_what_comes_meanwhile(store, spec, monkeypatch):
    audit, came = Audit(store.database, signer(spec)), iter(range(1, 40))

    async def put(*which, **ways):
        named = await real(*which, **ways)
        await audit.write(partial(facts, next(came), 1))
        return named

    real = placing.put
    monkeypatch.setattr(placing, "put", put)
    await audit.write(partial(facts, 0, 1))
    await audit.place()
    assert await store.database.AuditEvent.count_documents({}) == 1
    assert await faults(spec, store.database) == []


async def test_what_was_placed_by_one_that_was_killed_is_sealed_by_the_next(
    store, spec, monkeypatch
):
    audit = Audit(store.database, signer(spec))
    await audit.write(partial(facts, 0, 3))

    async def killed(*_: Any) -> bool:
        raise ConnectionFailure

    with monkeypatch.context() as patch:
        patch.setattr(Sealer, "_keep", killed)
        with pytest.raises(Unavailable):
            await Sealer(store.database, signer(spec)).seal()
    assert await store.database.AuditEvent.count_documents({}) == 3
    assert await faults(spec, store.database) == []
    assert await Sealer(store.database, signer(spec)).seal() == 3
    assert await store.database.AuditEvent.count_documents({}) == 3
    assert await faults(spec, store.database) == []


async def test_what_another_version_wrote_waits_for_it(store, spec):
    audit = Audit(store.database, signer(spec))
    await audit.write(partial(facts, 0, 2))
    later = signer(spec)._list(b'{"of":"another version"}')
    await store.database[WAITING].insert_one(later)
    with pytest.raises(Unavailable):
        await Sealer(store.database, signer(spec)).seal()
    with pytest.raises(Unavailable):
        await audit.place()
    assert await store.database[WAITING].count_documents({}) == 2
