"""The audit of the base: nobody forges it who has the database alone."""

import asyncio

import pymongo
from typer.testing import CliRunner

from fhir_server.cli import app
from tests.extensions.judicial_record.people import Asking


async def test_the_audit_is_checked_by_a_key_the_database_does_not_hold(
    process, settings, monkeypatch
):
    names = ("code", "dossier", "name", "birthDate", "gender", "identity")
    rows = [{"name": name, "valueString": "1"} for name in names]
    await Asking(process, "").do("JudicialRecordCertificate/$verify", *rows)
    monkeypatch.setenv("FHIR_LEGAL_MONGODB_URI", settings.legal_uri())
    monkeypatch.setenv("FHIR_LEGAL_DATABASE", settings.legal_name())
    monkeypatch.setenv("FHIR_LEGAL_FOLDER", str(settings.legal_folder))

    async def verified():
        command = ["audit", "verify", "--legal"]
        return await asyncio.to_thread(CliRunner().invoke, app, command)

    with pymongo.MongoClient(settings.legal_uri()) as client:
        database = client[settings.legal_name()]
        async with asyncio.timeout(10):
            while not database.AuditEvent.count_documents({}):  # noqa: ASYNC110 - another process seals
                await asyncio.sleep(0.1)
        assert database.secrets.count_documents({}) == 0
        well = await verified()
        assert (well.exit_code, "0 faults" in well.stdout) == (0, True), well.output
        [row] = database.AuditEvent.find().limit(1)
        database.AuditEvent.update_one({"_id": row["_id"]}, {"$set": {"x.date.lo": 1}})
        ended = await verified()
        database.AuditEvent.replace_one({"_id": row["_id"]}, row)
    assert ended.exit_code == 1
    assert f"AuditEvent/{row['_id']}" in ended.stdout
