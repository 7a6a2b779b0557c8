"""A certificate's whole life over HTTP: from the application to the recall."""

import base64
import hashlib
import json

import bson
import pymongo
import pytest
from typer.testing import CliRunner

from extensions.judicial_record.story import story
from fhir_server.cli import app as command
from fhir_server.main import legal
from tests.extensions.judicial_record.people import (
    APPLIES,
    CLERK,
    ISSUER,
    OFFICER,
    READS,
    SIGNER,
    TYPE,
    Asking,
    application,
    five,
    receipt,
    token,
    told,
)


@pytest.fixture(scope="module")
async def oauth(process, settings):
    async with legal.authorization(settings, legal.definitions()) as opened:
        yield opened


@pytest.mark.usefixtures("anew")
async def test_apply_pay_accept_sign_deliver_check_revoke(process, oauth, tmp_path):
    works = {"organisations": [ISSUER]}
    tokens = {
        "app": token(oauth, (*READS, *APPLIES)),
        "clerk": token(oauth, OFFICER, fhir_user=CLERK, **works),
        "signer": token(oauth, OFFICER, fhir_user=SIGNER, **works),
        "anybody": "",
    }
    happened, printed = [], []

    async def send(who, path, rows):
        headers = {"Authorization": f"Bearer {tokens[who]}"} if tokens[who] else {}
        body = {"resourceType": "Parameters", "parameter": rows} if rows else None
        if rows is None:
            answer = await process.get(path, headers=headers)
        else:
            answer = await process.post(path, json=body, headers=headers)
        assert answer.is_success, (path, answer.text)
        return answer.content

    def offline(name, files):
        folder = tmp_path / name
        folder.mkdir()
        for file, content in files.items():
            (folder / file).write_bytes(content)
        found = CliRunner().invoke(
            command,
            [
                *("certificate", "verify", str(folder / "certificate.json")),
                *("--keys", str(folder / "keys.json"), "--status", str(folder / "status.jwt")),
                *("--pdf", str(folder / "certificate.pdf")),
            ],
        )
        printed.append(found.output)
        return found.exit_code == 0

    ending = await story(send, lambda english, _: happened.append(english), offline)
    assert ending.valid == (True, True)
    assert ending.recalled == (False, False)
    assert ending.seconds < 60
    assert "It was revoked." in printed[-1]
    assert len(happened) == 10

    body = json.loads(ending.files["certificate.json"])
    assert body["convictionStatus"] == "none"
    assert body["subject"]["reference"] == ending.holder
    digest = base64.b64encode(hashlib.sha256(ending.files["certificate.pdf"]).digest()).decode()
    assert body["verification"]["documentHash"] == digest
    snapshot = {**body["subjectSnapshot"], "birthDate": "2000-03-01"}
    anybody = Asking(process, "")
    wrong = await anybody.do(f"{TYPE}/$verify", *five({**body, "subjectSnapshot": snapshot}))
    assert told(wrong) == {"valid": False}


async def test_no_collection_shows_whose_dossier_it_is(process, oauth, settings):
    app = Asking(process, token(oauth, (*READS, *APPLIES)))
    clerk = Asking(process, token(oauth, OFFICER, fhir_user=CLERK, organisations=[ISSUER]))
    signer = Asking(process, token(oauth, OFFICER, fhir_user=SIGNER, organisations=[ISSUER]))
    task = await app.do("Task/$submit", *application("099203000002"), status=201)
    at = f"Task/{task['id']}"
    await app.do(f"{at}/$pay", *receipt(task, "R-2"))
    await clerk.do(f"{at}/$accept")
    await clerk.do(f"{at}/$check-sources")
    await clerk.do(f"{at}/$sign", status=403)
    await signer.do(f"{at}/$sign")
    canaries = ("099203000002", "Nguyễn Văn Thử", "nguyen van thu", "Văn Thử", "2000-02-29")
    shown, told_of = [], False
    with pymongo.MongoClient(settings.uri()) as client:
        for name in (one for one in client.list_database_names() if settings.database in one):
            for collection in client[name].list_collection_names():
                raw = b"".join(map(bson.encode, client[name][collection].find())).lower()
                told_of |= task["id"].encode() in raw
                shown += [(collection, one) for one in canaries if one.lower().encode() in raw]
    assert told_of
    assert not shown
