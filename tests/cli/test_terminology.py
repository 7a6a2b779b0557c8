"""`fhir-server terminology`: a system is loaded, searched by, listed, and removed."""

import asyncio

from tests.client import health
from tests.faults.processes import run
from tests.terminology.sources import files

ICD10 = "http://hl7.org/fhir/sid/icd-10"


async def test_icd10_is_imported_searched_by_listed_and_removed(mongodb_uri, store, spec, tmp_path):
    path = tmp_path / "icd.csv"
    path.write_text(files.MINISTRY, encoding="utf-8")

    async def terminology(*options):
        told = {"FHIR_DATABASE": store.database.name, "FHIR_MONGODB_URI": mongodb_uri}
        return await asyncio.to_thread(run, "terminology", *options, **told)

    done = await terminology("import", "icd10", str(path), "--version", "TT06")
    assert done.returncode == 0, done.stderr
    assert "World Health Organization's: use it under its licence" in done.stderr
    assert f"5 concepts of {ICD10} version TT06; see CodeSystem/loaded-" in done.stdout
    again = await terminology("import", "icd10", str(path), "--version", "TT06")
    assert again.returncode == 1
    assert "--replace loads it anew" in again.stderr
    assert (await terminology("import", "icd10", str(path), "--version", "TT07")).returncode == 0

    async with health(store, spec) as fhir:
        (header,) = (await fhir.get(f"CodeSystem?url={ICD10}&version=TT06")).json()["entry"]
        assert (header["resource"]["content"], header["resource"]["count"]) == ("not-present", 5)
        for code in ("Z99.9", "A00"):
            coding = {"system": ICD10, "code": code}
            subject = {"display": "a test"}
            body = {"resourceType": "Condition", "code": {"coding": [coding]}, "subject": subject}
            assert (await fhir.post("Condition", body)).status_code == 201
        for asked in (f"code:below={ICD10}|XXII", "code:in=http://example.org/test"):
            if "in=" in asked:
                include = [{"system": ICD10, "filter": [_is_a("Z98-Z99")]}]
                resource = {
                    "resourceType": "ValueSet",
                    "url": "http://example.org/test",
                    "status": "active",
                    "compose": {"include": include},
                }
                await fhir.post("ValueSet", resource)
            found = (await fhir.get(f"Condition?{asked}")).json()
            assert len(found.get("entry", ())) == 1, found

    shown = (await terminology("list")).stdout
    assert shown.count("complete") == 2
    gone = await terminology("remove", ICD10, "--version", "TT06")
    assert gone.stdout == f"removed {ICD10} version TT06\n"
    assert (await terminology("list")).stdout.count("complete") == 1
    assert (await terminology("remove", ICD10, "--version", "TT06")).returncode == 1


def _is_a(code):
    return {"property": "concept", "op": "is-a", "value": code}


async def test_csv_needs_its_system_and_the_others_know_theirs(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("code,display\na,A\n", encoding="utf-8")
    for options in (("csv", str(path)), ("loinc", str(path), "--system", "http://example.org")):
        ended = await asyncio.to_thread(run, "terminology", "import", *options)
        assert ended.returncode == 2
        assert "csv needs --system URL" in ended.stderr


async def test_a_file_that_cannot_be_read_is_told_in_one_line(mongodb_uri, tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("kode\n1\n", encoding="utf-8")
    told = {"FHIR_MONGODB_URI": mongodb_uri}
    ended = await asyncio.to_thread(run, "terminology", "import", "loinc", str(path), **told)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.count("\n") == 1
