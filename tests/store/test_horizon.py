"""Who follows the commits misses none, whoever writes them and however slowly."""

import asyncio
import os
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from fhir_server.search.condition import Everything
from fhir_server.store.clock import Clock
from fhir_server.store.documents import Change
from fhir_server.store.horizon import Writer
from fhir_server.store.store import Store

ALL = Everything()
WRITER = Path(__file__).with_name("writer_process.py")


def patient(id_):
    return Change("Patient", id_, "create", {}, {}, "1")


async def worker(store, uri, name, count, held):
    told = [uri, store.database.name, name, str(count), str(held)]
    root = str(WRITER.parents[2])
    return await asyncio.create_subprocess_exec(
        sys.executable, WRITER, *told, env=os.environ | {"PYTHONPATH": root}
    )


async def follow_until(store, done):
    """Poll until `done()`, then to the end; give all that was seen, in the order it was seen."""
    seen, after = [], 0
    while True:
        last = done()
        commits, _ = await store.follow(after, 10)
        seen += commits
        after = commits[-1].ts if commits else after
        if last and not commits:
            return seen


async def test_two_workers_and_a_transaction_held_for_two_seconds(store, mongodb_uri):
    slow = await worker(store, mongodb_uri, "slow", 40, 2)
    fast = await worker(store, mongodb_uri, "fast", 150, 0)

    def done():
        return slow.returncode is not None and fast.returncode is not None

    seen = await follow_until(store, done)
    assert (slow.returncode, fast.returncode) == (0, 0)
    stamps = [commit.ts for commit in seen]
    assert stamps == sorted(stamps)
    ids = [id_ for commit in seen for _, id_, _, _ in commit.changes]
    assert len(ids) == len(set(ids)) == 190
    # The held one is seen in its place, before all its worker wrote meanwhile.
    assert ids.index("slow-0") < ids.index("slow-1")


async def test_a_transaction_in_flight_holds_the_horizon_back(store):
    await store.commit(ALL, [patient("p1")])
    held = store._writer.stamp(0)
    [later] = await store.commit(ALL, [patient("p2")])
    await store._writer._promise(store._writer._low())
    commits, horizon = await store.follow()
    assert held < later.ts
    assert horizon <= held
    assert [commit.changes[0][1] for commit in commits] == ["p1"]
    store._writer.done(held)
    await store._writer._promise(store._writer._low())
    commits, _ = await store.follow(commits[-1].ts)
    assert [commit.changes for commit in commits] == [(("Patient", "p2", 1, "create"),)]


async def test_a_worker_that_died_stops_holding_the_horizon_when_its_lease_ends(store):
    [made] = await store.commit(ALL, [patient("p1")])
    writers = store.database.writers
    now = datetime.now(UTC)
    await writers.insert_one({"_id": "dead", "low": 1, "at": now - timedelta(seconds=60)})
    assert (await store.follow())[1] == 1
    await writers.update_one({"_id": "dead"}, {"$set": {"at": now - timedelta(seconds=121)}})
    await store._writer._promise(store._writer._low())
    commits, horizon = await store.follow()
    assert [commit.ts for commit in commits] == [made.ts]
    assert horizon > made.ts


async def test_without_any_writer_all_commits_are_seen(store, mongodb_uri):
    other = Store.open(mongodb_uri, store.database.name)
    [made] = await other.commit(ALL, [patient("p1")])
    await other.close()
    commits, horizon = await store.follow()
    assert [commit.ts for commit in commits] == [made.ts]
    assert horizon == made.ts + 1


async def test_a_writer_starts_after_every_promise_made_before(store):
    await store.database.writers.insert_one(
        {"_id": "fast", "low": 5_000_000, "at": datetime.now(UTC)}
    )
    writer = Writer(store.database, Clock(lambda: 1_000))
    await writer.begin()
    assert writer.stamp(0) > 5_000_000
    await writer.close()


async def test_a_lease_that_may_have_run_out_is_not_just_renewed(store):
    writer = Writer(store.database, Clock(lambda: 1_000))
    await writer.begin()
    writer._beaten -= 61
    await store.database.writers.insert_one(
        {"_id": "fast", "low": 5_000_000, "at": datetime.now(UTC)}
    )
    await writer._renew()
    await writer.begin()
    assert writer.stamp(0) > 5_000_000
    await writer.close()


async def test_too_old_a_stamp_is_never_committed(store, monkeypatch):
    monkeypatch.setattr("fhir_server.store.horizon.LIFETIME", 0.0)
    hasty = Store(store.database, Clock(), patience=0.2)
    answers = await asyncio.gather(hasty.commit(ALL, [patient("p1")]), return_exceptions=True)
    assert [type(answer).__name__ for answer in answers] == ["TooLarge"]
    assert await store.read(ALL, "Patient", "p1") is None
    await hasty._writer.close()


async def test_a_stamp_in_doubt_holds_the_horizon_until_the_server_has_given_up(store, monkeypatch):
    monkeypatch.setattr("fhir_server.store.horizon.IN_DOUBT", 0.0)
    await store.commit(ALL, [patient("p1")])
    ts = store._writer.stamp(0)
    store._writer.doubt(ts)
    assert store._writer._low() == ts
    await asyncio.sleep(0.01)
    assert store._writer._low() > ts
