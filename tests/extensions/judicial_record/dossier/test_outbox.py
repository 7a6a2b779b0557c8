"""Each move is told to the client that sent the dossier, with nothing of a person."""

from dataclasses import dataclass, field, replace

import pytest

from extensions.judicial_record.dossier import outbox
from fhir_server.fhir import dates
from fhir_server.outbound.client import Fetched, NotFetched
from tests.extensions.judicial_record.dossier.desks import APP, NUMBER, OTHER_APP

URL = "https://app.example/dossiers"


@dataclass
class Answering:
    """A client's server: it keeps what it was told, and answers with the next status."""

    statuses: list[int] = field(default_factory=list)
    told: list[dict[str, str]] = field(default_factory=list)

    async def fetch(self, url, *, form, headers):
        self.told.append({"url": url, **dict(form), **headers})
        status = self.statuses.pop(0) if self.statuses else 204
        if status == 0:
            raise NotFetched("The server did not answer.")
        return Fetched(status, {}, b"")


@pytest.fixture
async def told(bench):
    """Give a bench whose first client has an address, and its server."""
    server = Answering()
    office = replace(bench.desk.office, subscribers={"app": URL})
    desk = replace(bench.desk, office=office, outbound=server)
    subscribed = replace(bench, desk=desk)
    await drain(subscribed)
    server.told.clear()
    return subscribed, server


async def collect(bench):
    """Copy everything there is, page by page, once the promises of the writers let it be read."""
    horizon = bench.context.store.clock.tick()
    row = {"ts": 0}
    while True:
        commits, safe = await bench.context.store.follow(row["ts"], outbox.PAGE)
        if not commits and safe < horizon:
            await bench.context.store._writer._renew()
            continue
        await outbox.collect(bench.desk, bench.context)
        row = bench.desk.office.records.get(outbox.CURSOR, outbox.CURSOR)
        if not (await bench.context.store.follow(row["ts"], 1))[0] and safe >= horizon:
            return


async def drain(bench):
    await collect(bench)
    while await outbox.push(bench.desk):
        pass


async def test_every_move_is_told_with_its_version_as_key(told):
    bench, server = told
    id_ = await bench.at("10")
    await bench.at("1", OTHER_APP)
    await drain(bench)
    assert [one["state"] for one in server.told] == ["6", "1", "2", "4", "9", "10"]
    assert [one["Idempotency-Key"] for one in server.told] == [f"{id_}/{n}" for n in range(1, 7)]
    assert {one["url"] for one in server.told} == {URL}
    assert NUMBER not in str(server.told)
    assert "THỬ" not in str(server.told).upper()


async def test_what_was_copied_before_is_not_told_twice(told):
    bench, server = told
    await bench.at("1")
    await drain(bench)
    first = len(server.told)
    bench.desk.office.records.change(outbox.CURSOR, {"_id": outbox.CURSOR}, {"ts": 0})
    await drain(bench)
    assert len(server.told) == first


async def test_what_is_not_taken_is_told_again_later(told):
    bench, server = told
    id_ = await bench.submitted(APP)
    await collect(bench)
    server.statuses = [500, 0, 302]
    for pause in (0, 1, 5, 30):
        bench.clock[0] += pause * dates.MINUTE
        await outbox.push(bench.desk)
        await outbox.push(bench.desk)
    assert [one["Idempotency-Key"] for one in server.told] == [f"{id_}/1"] * 4
    row = bench.desk.office.records.get(outbox.OUTBOX, f"{id_}/1")
    assert (row["taken"], row["waiting"], row["tries"]) == (True, False, 4)


async def test_what_is_never_taken_waits_for_a_person(told):
    bench, server = told
    id_ = await bench.submitted(APP)
    await collect(bench)
    server.statuses = [500] * 20
    for _ in range(20):
        bench.clock[0] += dates.DAY
        await outbox.push(bench.desk)
    row = bench.desk.office.records.get(outbox.OUTBOX, f"{id_}/1")
    assert (row["taken"], row["waiting"]) == (False, False)
    assert len(server.told) == len(outbox.PAUSES) + 1
    assert outbox.dead(bench.desk.office.records) == 1


@pytest.fixture
def waiting(told):
    """Let entries wait that nobody copied; they are gone afterwards."""
    records, made = told[0].desk.office.records, []

    def insert(dossier, version, **other):
        row = {"_id": f"{dossier}/{version}", "client": "app", "state": "1", "at": version}
        row |= {"waiting": True, "tries": 0, "next": version, **other}
        records.insert(outbox.OUTBOX, row)
        made.append(row["_id"])

    yield insert
    for id_ in made:
        records.remove(outbox.OUTBOX, {"_id": id_})


async def test_what_is_due_is_told_though_much_that_is_not_stands_before_it(
    told, waiting, monkeypatch
):
    bench, server = told
    monkeypatch.setattr(outbox, "PAGE", 3)
    for version in range(1, 5):
        waiting("a", version, next=bench.clock[0] + dates.DAY)
    for version in (2, 10):
        waiting("b", version)
    await outbox.push(bench.desk)
    assert [one["Idempotency-Key"] for one in server.told] == ["b/2", "b/10"]


async def test_a_dossier_that_is_not_taken_keeps_no_other_waiting(told, waiting):
    bench, server = told
    for dossier, version in (("c", 1), ("c", 2), ("d", 3)):
        waiting(dossier, version)
    server.statuses = [500]
    await outbox.push(bench.desk)
    assert [one["Idempotency-Key"] for one in server.told] == ["c/1", "d/3"]


async def test_a_client_that_takes_nothing_is_left_alone_for_a_turn(told, waiting):
    bench, server = told
    for version in range(1, 9):
        waiting(f"e{version}", version)
    server.statuses = [0] * 20
    await outbox.push(bench.desk)
    assert len(server.told) == outbox.FAILURES
