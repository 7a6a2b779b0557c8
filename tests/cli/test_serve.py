"""`fhir-server serve` refuses what is unsafe in one line, and leaves nothing behind."""

import site
import sys
from pathlib import Path

import pytest

from fhir_server.store.embedded import free_port
from tests.faults.processes import ROOT, listens, run, serving, until


def told_in_a_line(ended):
    """Give the line a command that refuses its arguments ends with."""
    assert (ended.returncode, ended.stdout) == (2, "")
    lines = ended.stderr.strip().splitlines()
    assert lines[-1].startswith("fhir-server: ")
    assert "Traceback" not in ended.stderr
    return lines


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7", "example.org"])
def test_without_authorization_only_loopback_is_served(host, tmp_path):
    ended = run("serve", "--host", host, "--auth", "none", "--data", tmp_path, "--port", 0)
    [line] = told_in_a_line(ended)
    assert host in line
    assert not list(tmp_path.iterdir())


def test_an_authorization_that_is_not_there_is_refused(tmp_path):
    [line] = told_in_a_line(run("serve", "--auth", "basic", "--data", tmp_path))
    assert "--auth" in line


def test_tokens_do_not_travel_readable_by_everyone(tmp_path):
    ended = run("serve", "--auth", "smart", "--host", "0.0.0.0", "--data", tmp_path)
    [line] = told_in_a_line(ended)
    assert "FHIR_BASE_URL" in line
    assert not list(tmp_path.iterdir())


def test_production_needs_a_database_of_its_own(tmp_path):
    [line] = told_in_a_line(run("serve", "--data", tmp_path, FHIR_ENV="production"))
    assert "FHIR_MONGODB_URI" in line
    assert not list(tmp_path.iterdir())


def test_production_makes_no_keys_of_judicial_records_and_says_how(tmp_path):
    settings = {
        "FHIR_ENV": "production",
        "FHIR_LEGAL": "true",
        "FHIR_LEGAL_FOLDER": str(tmp_path / "legal"),
        "FHIR_MONGODB_URI": "mongodb://127.0.0.1:1/",
        "FHIR_LEGAL_MONGODB_URI": "mongodb://legal:secret@127.0.0.1:1/",
    }
    [line] = told_in_a_line(run("serve", "--data", tmp_path, **settings))
    for told in ("keys.json", "fhir-server keys new", "passphrase", "bodies.json"):
        assert told in line
    assert not list(tmp_path.iterdir())


def test_a_bad_setting_is_named(tmp_path):
    [line] = told_in_a_line(run("serve", "--data", tmp_path, FHIR_MAX_BODY_BYTES="much"))
    assert "FHIR_MAX_BODY_BYTES" in line


def test_without_the_embedded_database_a_line_says_how_to_get_it(tmp_path):
    python = tmp_path / "python"
    python.symlink_to(Path(sys.executable).resolve())
    packages = ":".join([str(ROOT), *site.getsitepackages()])
    ended = run(
        "serve",
        "--data",
        tmp_path / "data",
        python=str(python),
        PATH=str(tmp_path),
        PYTHONPATH=packages,
    )
    notice, line = told_in_a_line(ended)
    assert "never for real records" in notice
    assert 'pip install "fhir-server[embedded]"' in line


def test_a_port_in_use_is_told_in_a_line(tmp_path):
    with serving(tmp_path / "one") as server:
        port = int(server.url.rpartition(":")[2])
        ended = run("serve", "--port", port, "--data", tmp_path / "two")
    assert ended.returncode != 0
    assert "in use" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_folder_in_use_is_told_in_a_line(tmp_path):
    with serving(tmp_path / "one") as server:
        data = server.folder / "mongodb"
        lines = told_in_a_line(run("serve", "--port", free_port(), "--data", data))
    assert str(data) in lines[-1]


def test_sigterm_ends_the_server_and_its_database(tmp_path):
    with serving(tmp_path / "server") as server:
        database = server.database_port
        assert listens(database)
        assert server.end() == 0
        until(lambda: not listens(database))
    with serving(tmp_path / "server") as again, again.client() as client:
        assert client.get("/fhir/metadata").status_code == 200
