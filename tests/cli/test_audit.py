"""`fhir-server audit verify`: what was done to the audit is told with its place."""

import asyncio
from dataclasses import replace

from fhir_server.store.audit import Watch
from fhir_server.store.sealer import Sealer
from tests.client import auditing, fresh, health
from tests.faults.processes import run
from tests.interactions.test_audit import APP, patient


async def test_what_was_done_to_the_audit_is_told(mongodb_uri, spec, tmp_path):
    key = b"a key of this test"
    (tmp_path / "key").write_bytes(key)
    async with fresh(mongodb_uri) as store:
        store.watch = Watch(audit := auditing(store, spec, key))
        async with health(store, spec, caller=replace(APP, user=""), audit_loopback=True) as fhir:
            await fhir.put("Patient/a", patient("a"))
            for _ in range(3):
                await fhir.get("Patient/a")
            [event, *_] = (await fhir.get("AuditEvent?_count=1")).json()["entry"]
            await fhir.put("AuditEvent/sent", {**event["resource"], "id": "sent"})
        sealer = Sealer(store.database, audit.signer)
        await sealer.seal()
        checkpoint = await sealer.checkpoint(1)
        (tmp_path / "checkpoints").write_bytes(checkpoint.line())
        settings = {
            "FHIR_DATABASE": store.database.name,
            "FHIR_MONGODB_URI": mongodb_uri,
            "FHIR_AUDIT_KEY_FILE": str(tmp_path / "key"),
        }

        async def verify():
            options = ("--checkpoints", str(tmp_path / "checkpoints"))
            return await asyncio.to_thread(run, "audit", "verify", *options, **settings)

        well = await verify()
        assert well.returncode == 0, well.stdout + well.stderr
        assert "6 events sealed and well, 0 well and not sealed yet, 0 faults." in well.stdout
        gone = await store.database.AuditEvent.find_one_and_delete({})
        ended = await verify()
        assert ended.returncode == 1
        assert f"AuditEvent/{gone['_id']}: is gone (seal 1)" in ended.stdout


def test_without_a_database_the_command_says_what_to_set():
    ended = run("audit", "verify")
    assert ended.returncode == 2
    assert "set FHIR_MONGODB_URI" in ended.stderr


async def test_a_broken_glass_waits_until_somebody_looked(mongodb_uri, store):
    row = {"user": "Practitioner/1", "client": "app", "patient": "a", "reason": "no pulse"}
    left = {"_id": "r1", "ts": 1, "until": 2, "by": "", "reviewed": 0}
    await store.database.reviews.insert_one(row | left)
    settings = {"FHIR_DATABASE": store.database.name, "FHIR_MONGODB_URI": mongodb_uri}

    async def reviews(*options):
        return await asyncio.to_thread(run, "audit", "reviews", *options, **settings)

    assert "r1 1970-01-01T00:00:00.000001Z Patient/a" in (await reviews()).stdout
    assert (await reviews("--close", "r1")).returncode == 2
    assert (await reviews("--close", "r1", "--by", "DPO")).returncode == 0
    assert (await reviews("--close", "r1", "--by", "DPO")).returncode == 1
    assert (await reviews()).stdout == ""
