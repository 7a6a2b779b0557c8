"""`fhir-server load --fresh` fills an empty database as clients would have, or tells why not."""

import json
import subprocess
import time
from uuid import uuid4

import pymongo
import pytest

from fhir_server.main import default_indexes
from fhir_server.store import indexes
from tests.faults.processes import COMMAND, ROOT, environment, run

PATIENT = {"resourceType": "Patient"}
LINES = 1_000


@pytest.fixture(scope="module")
def indexed(mongodb_uri, spec):
    """Give a database that believes it is indexed: three hundred collections take their time."""
    name = f"test_{uuid4().hex}"
    with pymongo.MongoClient(mongodb_uri) as client:
        client[name].index_state.insert_one(indexes.mark(default_indexes(), spec.types))
        yield client[name]
        client.drop_database(name)


@pytest.fixture
def database(indexed):
    """Give a database without a resource, read beside the server."""
    for name in ("Patient", "Patient_history", "commits", "loading", "writers"):
        indexed[name].delete_many({})
    return indexed


@pytest.fixture
def load(database, mongodb_uri, tmp_path):
    def loaded(*paths):
        report = tmp_path / "report.ndjson"
        report.unlink(missing_ok=True)
        ended = run(
            *("load", "--fresh", *paths, "--report", report),
            FHIR_MONGODB_URI=mongodb_uri,
            FHIR_DATABASE=database.name,
        )
        assert "Traceback" not in ended.stderr
        lines = report.read_text(encoding="utf-8").splitlines() if report.exists() else []
        return ended.returncode, [json.loads(line) for line in lines], ended.stderr

    return loaded


def ndjson(path, resources):
    path.write_text("".join(f"{json.dumps(one)}\n" for one in resources), encoding="utf-8")
    return path


def feed(database):
    """Give what the feed tells of as (type, id, version), and how often it was told."""
    rows = [change for row in database.commits.find() for change in row["c"]]
    return sorted((type_, id_, v) for type_, id_, v, _ in rows)


def test_all_that_is_well_is_there_and_the_rest_is_told_by_its_line(database, load, tmp_path):
    file = ndjson(
        tmp_path / "people.ndjson",
        [
            {**PATIENT, "id": "a", "birthDate": "2000-01-01"},
            {**PATIENT, "id": "b", "gender": "unheard of"},
            {**PATIENT, "id": "a", "birthDate": "2000-01-02"},
            {**PATIENT, "active": True},
            {**PATIENT, "id": "c", "link": [
                {"type": "seealso", "other": {"reference": "Patient/nobody"}},
                {"type": "seealso", "other": {"reference": "Patient/a"}},
            ]},
            {"resourceType": "SearchParameter", "id": "s"},
            {"resourceType": "Unheard"},
        ],
    )  # fmt: skip
    (tmp_path / "broken.json").write_text("{")
    code, report, ended = load(file, tmp_path / "broken.json")
    assert code == 1
    reasons = {one["item"].removeprefix(f"{tmp_path}/"): one["reason"] for one in report}
    assert reasons.keys() == {f"people.ndjson:{number}" for number in (2, 5, 6, 7)} | {
        "broken.json"
    }
    assert "Patient.gender" in reasons["people.ndjson:2"]
    assert "Patient/nobody does not exist" in reasons["people.ndjson:5"]
    assert "4 stored, 5 refused" in ended
    live = {row["_id"]: row["v"] for row in database.Patient.find()}
    assert (live["a"], live["c"], len(live)) == (2, 1, 3)
    [before] = database.Patient_history.find({"id": "a"})
    assert b'"birthDate":"2000-01-01"' in before["body"]
    told = feed(database)
    assert len(told) == len(set(told)) == 4
    assert load(file)[0] == 2


def test_a_load_that_was_killed_is_gone_on_with(database, load, mongodb_uri, tmp_path):
    file = ndjson(
        tmp_path / "people.ndjson", ({**PATIENT, "id": f"p{one}"} for one in range(LINES))
    )
    command = [*COMMAND, "load", "--fresh", str(file), "--report", str(tmp_path / "r")]
    killed = subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment(mongodb_uri, database=database.name),
        stderr=subprocess.DEVNULL,
    )
    while database.Patient.estimated_document_count() < LINES // 8 and killed.poll() is None:
        time.sleep(0.01)
    killed.kill()
    killed.wait()
    assert database.Patient.count_documents({}) < LINES
    assert database.loading.find_one({"_id": "begun"})
    assert load(file)[:2] == (0, [])
    assert feed(database) == sorted(("Patient", f"p{one}", 1) for one in range(LINES))
    assert database.Patient.count_documents({}) == LINES
    assert database.loading.count_documents({}) == 0
