"""Correcting over HTTP: two officers, a new certificate, the old one good nowhere any more."""

import asyncio
import base64
import hashlib
import json

import pytest
from typer.testing import CliRunner

from extensions.judicial_record.certificate import correct, issue
from extensions.judicial_record.proof import checking, keyset
from extensions.judicial_record.proof.canonical import signed_part
from fhir_server.cli import app as command
from fhir_server.fhir.errors import Unavailable
from fhir_server.main import legal
from fhir_server.store.clock import wall
from tests.extensions.judicial_record.people import (
    APPLIES,
    CLERK,
    HOLDS,
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

NAME = "NGUYỄN VĂN THỬ NGHIỆM"
DECISION = (
    {"name": "decision-number", "valueString": "2/QĐ-99"},
    {"name": "decision-date", "valueDate": "2026-11-28"},
    {"name": "reason", "valueString": "Sai họ tên"},
)
OFFICERS = (*OFFICER, "legal/$propose-correction")
RENAMED = {"name": "name", "valueString": "Nguyễn Văn Thử Nghiệm"}


@pytest.fixture(scope="module")
async def people(process, settings):
    """Give who applies, a clerk, a signer, anybody, holders, an employer."""
    async with legal.authorization(settings, legal.definitions()) as oauth:

        def officer(user):
            return Asking(process, token(oauth, OFFICERS, fhir_user=user, organisations=[ISSUER]))

        def holder(user):
            return Asking(process, token(oauth, HOLDS, fhir_user=user))

        employer = {"fhir_user": "Organization/employer-99"}
        asks = Asking(process, token(oauth, ["legal/$disclose"], client="employer", **employer))
        app = Asking(process, token(oauth, (*READS, *APPLIES)))
        yield app, officer(CLERK), officer(SIGNER), Asking(process, ""), holder, asks


async def waiting(app, clerk, number, **differs):
    """Take an application until it waits for its signature; give the path of its Task."""
    task = await app.do("Task/$submit", *application(number, **differs), status=201)
    at = f"Task/{task['id']}"
    await app.do(f"{at}/$pay", *receipt(task, f"R-{number}"))
    await clerk.do(f"{at}/$accept")
    await clerk.do(f"{at}/$check-sources")
    return at


async def issued(app, clerk, signer, number):
    """Take an application to its certificate; give the dossier's Task and the certificate."""
    at = await waiting(app, clerk, number)
    return at, await signer.get(certificates(await signer.do(f"{at}/$sign"))[-1])


def certificates(task):
    """Give the references to the certificates of a dossier, the one in force last."""
    rows = task.get("output", ())
    return [one["valueReference"]["reference"] for one in rows if "valueReference" in one]


async def judged(process, certificate):
    """Judge a certificate by what everybody can fetch."""
    known = keyset.keyset((await process.get("/.well-known/legal-jwks.json")).json())
    shard = certificate["verification"]["statusList"].rpartition("/")[2]
    status = (await process.get(f"/legal/status/{shard}")).text
    return checking.check(certificate, known, wall(), checking.Evidence(status=status))


@pytest.fixture
def verified(process, settings, monkeypatch, tmp_path):
    """Give what checks a certificate and its page from files alone, and gives the exit code."""
    monkeypatch.setenv("FHIR_LEGAL_MONGODB_URI", settings.legal_uri())
    monkeypatch.setenv("FHIR_LEGAL_DATABASE", settings.legal_name())
    monkeypatch.setenv("FHIR_LEGAL_FOLDER", str(settings.legal_folder))

    async def run(*options):
        named = ["certificate", *options]
        ended = await asyncio.to_thread(CliRunner().invoke, command, named)
        assert not ended.stderr
        return ended

    async def check(certificate, pdf):
        shard = certificate["verification"]["statusList"].rpartition("/")[2]
        files = {
            "--keys": (await process.get("/.well-known/legal-jwks.json")).content,
            "--status": (await process.get(f"/legal/status/{shard}")).content,
            "--pdf": pdf,
            "--roots": (await run("page-certificate", ISSUER)).stdout.encode(),
            "": json.dumps(certificate).encode(),
        }
        for name, content in files.items():
            (tmp_path / f"file{name}").write_bytes(content)
        options = [one for name in files for one in (name, f"{tmp_path}/file{name}") if one]
        ended = await run("verify", *options)
        assert "signature of the page · chữ ký trên trang: good" in ended.stdout
        return ended.exit_code

    return check


@pytest.mark.usefixtures("anew")
async def test_a_corrected_certificate_takes_the_place_of_the_old_one(process, people, verified):
    app, clerk, signer, anybody, holder, _ = people
    at, old = await issued(app, clerk, signer, "099203000011")
    place = f"{TYPE}/{old['id']}"
    await signer.do(f"{place}/$correct", status=409)
    proposal = await clerk.do(f"{place}/$propose-correction", *DECISION, RENAMED)
    assert proposal["status"] == "requested"
    await clerk.do(f"{place}/$correct", status=403)
    new = await signer.do(f"{place}/$correct")
    assert await signer.do(f"{place}/$correct") == new

    assert new["replaces"] == {"reference": place}
    assert new["subjectSnapshot"]["name"] == NAME
    assert "replaces" in signed_part(new)
    assert (await judged(process, new)).kind == "valid"
    owner = holder(new["subject"]["reference"])
    ended = await owner.get(place)
    assert ended["status"] == "superseded"
    assert ended["replacedBy"] == {"reference": f"{TYPE}/{new['id']}"}
    assert signed_part(ended) == signed_part(old)
    assert (await judged(process, old)).reasons == ("superseded",)

    answer = told(await anybody.do(f"{TYPE}/$verify", *five(old)))
    assert (answer["valid"], answer["updated"]) == (False, ended["meta"]["lastUpdated"])
    assert told(await anybody.do(f"{TYPE}/$verify", *five(new)))["valid"] is True
    states = [(await owner.get(f"DocumentReference/{one['id']}"))["status"] for one in (old, new)]
    assert states == ["superseded", "current"]
    pdf = (await process.get(f"/legal/fhir/Binary/{new['id']}", headers=owner.headers)).content
    digest = base64.b64encode(hashlib.sha256(pdf).digest()).decode()
    assert new["verification"]["documentHash"] == digest
    assert await verified(new, pdf) == 0
    task = await app.get(at)
    assert certificates(task) == [place, f"{TYPE}/{new['id']}"]
    assert (await app.get(f"{TYPE}/{new['id']}"))["id"] == new["id"]
    await owner.get(f"Task/{proposal['id']}", status=404)


async def test_what_is_disclosed_is_what_was_signed(process, people):
    app, clerk, signer, _, holder, employer = people
    _, old = await issued(app, clerk, signer, "099203000014")
    owner = holder(old["subject"]["reference"])
    purpose = {"name": "purpose", "valueCode": "employment"}
    digits = told(await owner.do(f"{TYPE}/{old['id']}/$passcode", purpose))["passcode"]
    given = {"code": old["verification"]["code"], "passcode": digits, "legalBasis": "Điều 1"}
    rows = [{"name": name, "valueString": value} for name, value in given.items()]
    [shown] = (await employer.do(f"{TYPE}/$disclose", purpose, *rows))["parameter"]
    assert (await judged(process, shown["resource"])).kind == "valid"
    log = f"{TYPE}/{old['id']}/$access-log"
    [access] = [told({"parameter": one["part"]}) for one in (await owner.get(log))["parameter"]]
    assert (access["kind"], access["purpose"]) == ("form-1", "employment")
    assert access["by"] == {"reference": "Organization/employer-99"}
    for other in (holder("Person/another"), signer):
        await other.get(log, status=404)


@pytest.mark.usefixtures("anew")
async def test_what_ended_halfway_is_signed_once_and_by_whoever_comes(process, people, monkeypatch):
    app, clerk, signer, _, holder, _ = people
    _, old = await issued(app, clerk, signer, "099203000015")
    place = f"{TYPE}/{old['id']}"
    await clerk.do(f"{place}/$propose-correction", *DECISION, RENAMED)
    made = []

    async def ends(_gate, _context, one, _proposed):
        made.append(one.certificate)
        raise Unavailable("The database is away.")

    async def another(_context, reference):
        return {"name": "LÃNH ĐẠO KHÁC", "who": {"reference": reference}}

    with monkeypatch.context() as patched:
        patched.setattr(correct, "_committed", ends)
        patched.setattr(issue, "officer", another)
        await signer.do(f"{place}/$correct", status=503)
    assert (await judged(process, old)).reasons == ("superseded",)
    assert (await holder(old["subject"]["reference"]).get(place))["status"] == "issued"
    new = await signer.do(f"{place}/$correct")
    [halfway] = made
    for name in ("id", "identifier", "issued"):
        assert new[name] == halfway[name]
    assert new["signedBy"] != halfway["signedBy"]
    assert (await judged(process, new)).kind == "valid"


async def test_what_the_sources_do_not_hold_is_not_proposed(people):
    app, clerk, signer, *_ = people
    _, old = await issued(app, clerk, signer, "099203000012")
    place = f"{TYPE}/{old['id']}"
    record = {"name": "record", "valueString": "not-found"}
    await clerk.do(f"{place}/$propose-correction", *DECISION, record, status=422)
    await clerk.do(f"{place}/$propose-correction", RENAMED, status=422)
    await app.do(f"{place}/$propose-correction", *DECISION, status=403)


async def test_a_signer_who_proposed_it_does_not_sign_it_and_a_recalled_one_stays(people):
    app, clerk, signer, _, holder, _ = people
    _, old = await issued(app, clerk, signer, "099203000013")
    place = f"{TYPE}/{old['id']}"
    await signer.do(f"{place}/$propose-correction", *DECISION, RENAMED)
    await signer.do(f"{place}/$correct", status=403)
    decision = [
        {"name": "kind", "valueCode": "annul"},
        {"name": "decisionNumber", "valueString": "3/QĐ-99"},
        {"name": "decisionDate", "valueDate": "2026-11-28"},
        {"name": "reason", "valueString": "Nội dung trái pháp luật"},
    ]
    for wrong in (decision[1:], [{"name": "kind", "valueCode": "end"}, *decision[1:]]):
        told = await signer.do(f"{place}/$revoke", *wrong, status=422)
        assert "kind" in told["issue"][0]["diagnostics"]
    ended = await signer.do(f"{place}/$revoke", *decision)
    assert await signer.do(f"{place}/$revoke", *decision) == ended
    document = await holder(old["subject"]["reference"]).get(f"DocumentReference/{old['id']}")
    assert (document["status"], document["docStatus"]) == ("entered-in-error",) * 2
    await clerk.do(f"{place}/$propose-correction", *DECISION, RENAMED, status=409)
