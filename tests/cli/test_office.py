"""`fhir-server certificate import`, `recompute`, `late`: over the database of the legal base."""

import json
from uuid import uuid4

import pytest
from pymongo import MongoClient
from typer.testing import CliRunner

from fhir_server.cli import app
from fhir_server.fhir import json as fhir_json
from tests.extensions.judicial_record.sources.told import JUDGMENT, changed


@pytest.fixture
def certificate(mongodb_uri, tmp_path, monkeypatch):
    name = f"test_{uuid4().hex}"
    monkeypatch.setenv("FHIR_LEGAL_MONGODB_URI", mongodb_uri)
    monkeypatch.setenv("FHIR_LEGAL_DATABASE", name)
    monkeypatch.setenv("FHIR_LEGAL_FOLDER", str(tmp_path / "legal"))
    yield lambda *options: CliRunner().invoke(app, ["certificate", *map(str, options)])
    with MongoClient(mongodb_uri) as client:
        client.drop_database(name)


def test_rows_are_imported_the_report_says_what_was_refused(certificate, tmp_path):
    rows, report = tmp_path / "rows.ndjson", tmp_path / "report.json"
    bad = changed(JUDGMENT, {"conviction.completed": "2018-01-01"})
    rows.write_bytes(b"\n".join(map(fhir_json.dump, (JUDGMENT, bad))))
    done = certificate("import", rows, "--report", report)
    assert done.exit_code == 1, done.stderr
    assert "wrong-order 1" in done.stdout
    assert "CANARY" not in done.stdout + done.stderr
    told = json.loads(report.read_text())
    assert (told["kept"], told["refused"]) == (1, 1)
    rows.write_bytes(fhir_json.dump(JUDGMENT))
    again = certificate("import", rows, "--report", report)
    assert again.exit_code == 0, again.stderr
    assert json.loads(report.read_text())["unchanged"] == 1


def test_what_was_refused_is_written_for_its_owner_alone_and_is_imported_again(
    certificate, tmp_path
):
    rows, out = tmp_path / "rows.ndjson", tmp_path / "refused.ndjson"
    bad = changed(JUDGMENT, {"conviction.completed": "2018-01-01"})
    rows.write_bytes(fhir_json.dump(bad) + b"\n\xff\n")
    certificate("import", rows, "--report", tmp_path / "report.json")
    done = certificate("quarantine", out)
    assert done.exit_code == 0, done.stderr
    assert "2 rows were written" in done.stdout
    assert out.stat().st_mode & 0o777 == 0o600
    told = {one["line"]: one for one in map(json.loads, out.read_text().splitlines())}
    where = {"reason": "wrong-order", "where": "conviction.completed"}
    assert (told[1]["file"], told[1]["problems"]) == ("rows.ndjson", [where])
    assert told[2]["raw"] == "\\xff\n"
    rows.write_text(told[1]["raw"].replace("2018-01-01", "2020-01-01"))
    assert certificate("import", rows, "--report", tmp_path / "report.json").exit_code == 0
    again = certificate("quarantine", out)
    assert again.exit_code != 0
    assert "refused.ndjson cannot be made: File exists." in again.stderr


def test_terms_are_counted_anew_and_the_late_are_noted(certificate):
    done = certificate("recompute")
    assert done.stdout == "0 dossiers with a running term, 0 of them end anew.\n", done.stderr
    done = certificate("late")
    assert done.stdout == "0 dossiers are late, 0 letters were written.\n", done.stderr


def test_a_list_of_courts_that_is_none_is_an_error_in_a_line(certificate, tmp_path):
    file = tmp_path / "courts.json"
    file.write_text("{}")
    done = certificate("import", file, "--courts", file)
    assert done.exit_code == 1
    assert "courts.json is no list of courts" in done.stderr
