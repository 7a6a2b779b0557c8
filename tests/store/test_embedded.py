"""The embedded server is a child that is found, alone on its data, and never outlives us."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from pymongo import MongoClient

from fhir_server.store import embedded

ROOT = str(Path(__file__).parents[2])


def ping(uri):
    with MongoClient(uri, serverSelectionTimeoutMS=300) as client:
        return client.admin.command("ping")["ok"]


def test_data_are_there_again_at_the_second_start(tmp_path):
    with embedded.running(tmp_path) as uri, MongoClient(uri) as client:
        client.test.toys.insert_one({"_id": 1})
        assert (tmp_path / "uri").read_text().strip() == uri
    assert not (tmp_path / "uri").exists()
    with embedded.running(tmp_path) as uri, MongoClient(uri) as client:
        assert client.test.toys.count_documents({}) == 1


def test_a_free_port_is_none_that_a_connection_gets():
    made = {embedded.free_port() for _ in range(50)}
    assert len(made) > 40
    ranged = Path("/proc/sys/net/ipv4/ip_local_port_range")
    lowest = int(ranged.read_text().split()[0]) if ranged.exists() else 32_768
    assert max(made) < lowest
    assert min(made) > 1_024


def test_a_folder_in_use_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(embedded, "STOP", 0.0)
    with (
        embedded._held(tmp_path),
        pytest.raises(embedded.EmbeddedBusyError) as error,
        embedded.running(tmp_path),
    ):
        pass
    assert str(tmp_path) in str(error.value)


def test_a_server_that_does_not_start_is_told(tmp_path):
    (tmp_path / "db").write_text("not a folder")
    with pytest.raises(embedded.EmbeddedBusyError) as error, embedded.running(tmp_path):
        pass
    assert str(tmp_path / "log") in str(error.value)


def test_without_the_program_the_text_says_how_to_get_it(tmp_path, monkeypatch):
    monkeypatch.setattr(embedded, "PROGRAM", "no-such-program")
    with pytest.raises(embedded.EmbeddedMissingError) as error, embedded.running(tmp_path):
        pass
    text = str(error.value)
    assert "fhir-server[embedded]" in text
    assert "\n" not in text


@pytest.mark.skipif(sys.platform != "linux", reason="prctl(2) is Linux's")
def test_the_server_ends_with_its_parent_however_that_ends(tmp_path):
    parent = subprocess.Popen(
        [sys.executable, "-c", _PARENT, str(tmp_path)],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": ROOT},
    )
    with parent:
        uri = parent.stdout.readline().strip()
        assert ping(uri) == 1
        parent.send_signal(signal.SIGKILL)
    # The lock on the folder is the server's too, so this waits until it has ended.
    with embedded.running(tmp_path) as again:
        assert ping(again) == 1


_PARENT = """
import signal
import sys
from pathlib import Path
from fhir_server.store import embedded
with embedded.running(Path(sys.argv[1])) as uri:
    print(uri, flush=True)
    signal.pause()
"""
