"""`fhir-server work` does the jobs a server leaves to it, and ends when it is asked to."""

import subprocess

from tests.faults.processes import COMMAND, ROOT, STOP, environment, run, serving, until

LATER = {"Content-Type": "application/fhir+json", "Prefer": "respond-async"}


def placed(client, path, content):
    """Put a request aside; give where to ask."""
    response = client.post(path, content=content, headers=LATER)
    assert response.status_code == 202, response.text
    return response.headers["content-location"]


def counted(client, state):
    return f'fhir_jobs{{base="/fhir",state="{state}"}} 1.0' in client.get("/metrics").text


def test_a_process_of_its_own_works_the_jobs_of_the_server(database, tmp_path):
    settings = {"jobs_at_once": 0}
    with (
        serving(tmp_path / "server", uri=database.uri, **settings) as server,
        server.client() as client,
    ):
        where = placed(client, "/fhir/Patient", b'{"resourceType":"Patient"}')
        assert counted(client, "queued")
        worker = subprocess.Popen(
            [*COMMAND, "work"], cwd=ROOT, env=environment(database.uri, **settings)
        )
        try:
            until(lambda: client.get(where).status_code == 200)
            [entry] = client.get(where).json()["entry"]
            assert entry["response"]["status"] == "201 Created"
            assert counted(client, "done")
        finally:
            worker.terminate()
            assert worker.wait(STOP) == 0
        where = placed(client, "/fhir/$reindex", b"")
        assert client.get(where).headers["x-progress"] == "queued"


def test_a_server_works_jobs_itself_and_hears_of_them_from_its_other_worker(tmp_path):
    with serving(tmp_path / "server", "--workers", "2") as server, server.client() as client:
        for _ in range(4):
            where = placed(client, "/fhir/Patient", b'{"resourceType":"Patient"}')
            until(lambda where=where: client.get(where).status_code == 200)
        assert '"became":"done"' in server.log
        assert server.end() == 0


def test_work_without_a_database_says_so_in_one_line():
    ended = run("work")
    assert ended.returncode == 2
    assert ended.stderr.startswith("fhir-server: set FHIR_MONGODB_URI")
