"""`fhir-server load` tells by exit code and report what was refused; loading twice adds nothing."""

import json
from pathlib import Path

import pytest

from fhir_server.store.embedded import free_port
from tests.faults.processes import run, serving

EXAMPLES = Path(__file__).parents[2] / "mappings/decision_4750/examples"
SAMPLE = EXAMPLES / "sample/envelope.xml"
REFUSED = EXAMPLES / "refused_dates_and_codes/envelope.xml"
PATIENT = {"resourceType": "Patient", "id": "p1"}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("server")) as server:
        yield server


@pytest.fixture
def load(server, tmp_path):
    def loaded(*paths):
        report = tmp_path / "report.ndjson"
        ended = run("load", *paths, "--to", f"{server.url}/fhir", "--report", report)
        assert "Traceback" not in ended.stderr
        lines = report.read_text(encoding="utf-8").splitlines() if report.exists() else []
        return ended.returncode, [json.loads(line) for line in lines], ended.stderr

    return loaded


def total(server, type_):
    with server.client() as client:
        return client.get(f"/fhir/{type_}?_summary=count").json()["total"]


def test_a_second_load_of_the_same_envelope_adds_nothing(server, load):
    assert load(SAMPLE)[:2] == (0, [])
    types = ("Patient", "Encounter", "Observation", "Condition", "Binary", "DocumentReference")
    before = [total(server, type_) for type_ in types]
    assert all(before)
    code, report, told = load(SAMPLE)
    assert (code, report) == (0, [])
    assert "1 stored, 0 refused" in told
    assert [total(server, type_) for type_ in types] == before


def test_what_is_refused_is_in_the_report_and_the_rest_is_stored(server, load, tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "bad.xml").write_bytes(REFUSED.read_bytes())
    (folder / "good.json").write_text(json.dumps({**PATIENT, "id": "beside-the-bad"}))
    (folder / "ignored.txt").write_text("not a document")
    code, report, told = load(folder)
    assert code == 1
    assert [Path(one["item"]).name for one in report] == ["bad.xml"]
    assert "XML" in report[0]["reason"]
    assert "1 stored, 1 refused" in told
    with server.client() as client:
        assert client.get("/fhir/Patient/beside-the-bad").status_code == 200


def test_ndjson_lines_are_stored_and_a_bad_one_is_told(server, load, tmp_path):
    lines = [{**PATIENT, "id": f"line-{number}"} for number in range(3)]
    lines[1]["gender"] = "unknown to FHIR"
    file = tmp_path / "people.ndjson"
    file.write_text("\n".join(map(json.dumps, lines)) + "\n")
    code, [refused], _ = load(file)
    assert code == 1
    assert "gender" in refused["reason"]
    with server.client() as client:
        found = [client.get(f"/fhir/Patient/line-{number}").status_code for number in range(3)]
    assert found == [200, 404, 200]


@pytest.mark.parametrize("text", ["{", "[]", '{"resourceType": "Patient"} {}', "\x00"])
def test_a_file_that_is_no_json_is_refused_without_a_trace(load, tmp_path, text):
    file = tmp_path / "broken.json"
    file.write_text(text)
    code, [refused], _ = load(file)
    assert code == 1
    assert refused["item"] == str(file)


def test_a_bundle_is_a_transaction(server, load, tmp_path):
    good = {"resource": {"resourceType": "Flag"}, "request": {"method": "POST", "url": "Patient"}}
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": [good]}
    file = tmp_path / "bundle.json"
    file.write_text(json.dumps(bundle))
    assert load(file)[0] == 1
    bundle["entry"][0]["resource"] = {"resourceType": "Patient"}
    file.write_text(json.dumps(bundle))
    assert load(file)[0] == 0


def test_no_server_is_told_in_a_line():
    ended = run("load", SAMPLE, "--to", f"http://127.0.0.1:{free_port()}/fhir")
    assert ended.returncode == 1
    assert "Traceback" not in ended.stderr
    assert ended.stderr.strip().splitlines()[-1].startswith("fhir-server: ")
