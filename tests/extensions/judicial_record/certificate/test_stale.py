"""Nobody signs on what the sources said once: an import between check and signature is seen."""

import asyncio
import json

import pytest

from extensions.judicial_record.dossier.lifecycle import allowed
from extensions.judicial_record.sources.importing import import_files
from tests.extensions.judicial_record.certificate.test_correct import (
    DECISION,
    certificates,
    issued,
    waiting,
)
from tests.extensions.judicial_record.people import TYPE
from tests.extensions.judicial_record.sources.told import JUDGMENT, changed


@pytest.fixture
def judged(office, tmp_path):
    """Give what imports a judgment about the holder of a number."""

    def judge(number, **differs):
        system = "http://fhir.hl7.org.vn/legal/CodeSystem/identity-document-type"
        paper = {"type": {"coding": [{"system": system, "code": "cccd"}]}, "number": number}
        told = {
            "subject.name": "NGUYỄN VĂN THỬ",
            "subject.birthDate": "2000-02-29",
            "subject.identityDocument": [paper],
            "conviction.judgmentNumber": f"{number[-4:]}/2019/HS-ST",
            **differs,
        }
        (tmp_path / "rows.ndjson").write_text(json.dumps(changed(JUDGMENT, told)) + "\n", "utf-8")
        [report] = import_files(office, [tmp_path / "rows.ndjson"])
        assert report.outcomes["kept"] == 1, report.told()

    return judge


async def test_what_was_imported_after_the_check_is_not_signed_away(people, judged):
    app, clerk, signer = people
    # Everybody else here is born another day: a namesake would be a doubt.
    born = {"birth_date": ("valueDate", "2001-01-01")}
    at = await waiting(app, clerk, "099203000031", **born)
    await asyncio.to_thread(judged, "099203000031", **{"subject.birthDate": "2001-01-01"})
    refused = await signer.do(f"{at}/$sign", status=409)
    assert "check the sources again" in json.dumps(refused)
    work = await clerk.do(f"{at}/$check-sources")
    [found] = [one["valueString"] for one in work["output"] if "valueString" in one]
    await clerk.do(f"{at}/$propose", {"name": "record", "valueString": found})
    certificate = await signer.get(certificates(await signer.do(f"{at}/$sign"))[-1])
    assert certificate["convictionStatus"] == "present"
    assert "check-sources" in allowed("4/awaiting-signature", "officer")


async def test_a_correction_says_which_records_are_the_corrected_persons(people, judged):
    app, clerk, signer = people
    at, old = await issued(app, clerk, signer, "099203000032")
    assert at
    place = f"{TYPE}/{old['id']}"
    other = {"name": "TRẦN VĂN MẪU", "birthDate": "1990-03-04"}
    told = {f"subject.{name}": value for name, value in other.items()}
    await asyncio.to_thread(judged, "099203000033", **told)
    rows = [
        {"name": "name", "valueString": "Trần Văn Mẫu"},
        {"name": "birth-date", "valueDate": "1990-03-04"},
    ]
    refused = await clerk.do(f"{place}/$propose-correction", *DECISION, *rows, status=422)
    assert "records" in refused["issue"][0]["expression"][0]
    said = {"name": "records", "valueBoolean": True}
    proposal = await clerk.do(f"{place}/$propose-correction", *DECISION, *rows, said)
    coded = {one["type"]["coding"][0]["code"]: one for one in proposal["input"]}
    own = {"name": "record", "valueString": coded["source-record"]["valueString"]}
    await clerk.do(f"{place}/$propose-correction", *DECISION, *rows, said, own)
    more = {**told, "conviction.judgmentNumber": "77/2020/HS-ST"}
    await asyncio.to_thread(judged, "099203000033", **more)
    await signer.do(f"{place}/$correct", status=409)
    await clerk.do(f"{place}/$propose-correction", *DECISION, *rows, said, own)
    new = await signer.do(f"{place}/$correct")
    assert len(new["conviction"]) == 1
