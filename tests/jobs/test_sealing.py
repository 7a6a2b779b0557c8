"""What is written down is sealed while a process serves, whatever happens to one turn."""

import asyncio
from functools import partial

import pytest

from fhir_server.fhir import json
from fhir_server.fhir.audit_event import Access, Actor, Fact
from fhir_server.fhir.errors import Unavailable
from fhir_server.jobs import sealing
from fhir_server.store.sealer import Sealer
from fhir_server.store.seals import SEALS
from tests.client import auditing
from tests.jobs.working import until

ACCESS = Access("read", Actor("app"), "http://example.org/fhir")


@pytest.mark.parametrize("failure", [Unavailable("gone"), ValueError(), OSError(), TypeError()])
async def test_a_turn_that_fails_is_taken_again(store, spec, monkeypatch, tmp_path, failure):
    monkeypatch.setattr(sealing, "_EVERY", 0.01)
    audit, file = auditing(store, spec), tmp_path / "checkpoints"
    sealer = Sealer(store.database, audit.signer)
    real, failing = sealer.seal, iter([failure, failure])

    async def seal():
        for one in failing:
            raise one
        return await real()

    monkeypatch.setattr(sealer, "seal", seal)
    await audit.write(lambda: [Fact(ACCESS, "e1", 1), Fact(ACCESS, "e2", 2)])
    async with asyncio.timeout(20), sealing.sealing(sealer, lambda: 7, file):
        assert await until(partial(store.database[SEALS].count_documents, {}))
    [line] = file.read_bytes().splitlines()
    told = json.parse_object(line)
    assert (told["seal"], told["total"], told["at"]) == (1, 2, 7)


async def test_what_comes_last_is_sealed_at_the_end(store, spec, monkeypatch):
    monkeypatch.setattr(sealing, "_EVERY", 60)
    audit = auditing(store, spec)
    async with sealing.sealing(Sealer(store.database, audit.signer), lambda: 7, None):
        assert await until(partial(store.database.locks.count_documents, {}))
        await audit.write(lambda: [Fact(ACCESS, "e1", 1)])
    assert await store.database[SEALS].count_documents({}) == 1
    assert await store.database.AuditEvent.count_documents({"_id": "e1"}) == 1
