"""A server whose database is gone says so in time, and serves again when it is back."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.faults.processes import serving, until

JSON = {"Content-Type": "application/fhir+json"}
PATIENT = b'{"resourceType": "Patient"}'
BUNDLE = (
    b'{"resourceType": "Bundle", "type": "transaction", "entry": [{"resource": '
    b'{"resourceType": "Patient"}, "request": {"method": "POST", "url": "Patient"}}]}'
)


@pytest.fixture
def server(database, tmp_path):
    with serving(tmp_path / "server", uri=database.uri) as server:
        yield server


def asked(client, patient):
    """Give one request of each kind that needs the database."""
    return [
        lambda: client.get(patient),
        lambda: client.get("/fhir/Patient?_count=1"),
        lambda: client.get(f"{patient}/_history"),
        lambda: client.post("/fhir/Patient", content=PATIENT, headers=JSON),
        lambda: client.post("/fhir", content=BUNDLE, headers=JSON),
    ]


def timed(ask):
    began = time.monotonic()
    return ask(), time.monotonic() - began


def test_a_database_that_is_down_is_a_503_and_needs_no_restart_of_ours(server, database):
    with server.client() as client:
        made = client.post("/fhir/Patient", content=PATIENT, headers=JSON)
        patient = f"/fhir/Patient/{made.json()['id']}"
        database.kill()
        with ThreadPoolExecutor() as pool:
            answers = list(pool.map(timed, asked(client, patient)))
        for answer, seconds in answers:
            # The bound is the requirement: 503 within 5 s.
            assert (answer.status_code, seconds < 5) == (503, True)
            assert int(answer.headers["retry-after"]) > 0
            assert answer.json()["resourceType"] == "OperationOutcome"
        assert client.get("/health/live").status_code == 200
        ready = client.get("/health/ready")
        assert (ready.status_code, ready.headers["retry-after"]) == (503, "5")
        assert client.get("/fhir/metadata").status_code == 200
        database.start()
        until(lambda: client.get("/health/ready").status_code == 200)
        assert client.get(patient).content == made.content
        assert [ask().status_code for ask in asked(client, patient)] == [200, 200, 200, 201, 200]
    assert server.process.poll() is None
    assert str(database.port) not in server.log
    assert "Traceback" not in server.log


def test_a_server_started_before_its_database_serves_once_that_is_there(database, tmp_path):
    database.kill()
    with (
        serving(tmp_path / "server", uri=database.uri, path="/health/live") as server,
        server.client() as client,
    ):
        assert client.get("/health/ready").status_code == 503
        assert client.get("/fhir/Patient").status_code == 503
        database.start()
        until(lambda: client.get("/health/ready").status_code == 200)
        assert client.post("/fhir/Patient", content=PATIENT, headers=JSON).status_code == 201
        assert "Traceback" not in server.log
