"""`fhir-server keys`: a file is made, a key is added, and every data key moves to it."""

from contextlib import closing
from functools import partial
from uuid import uuid4

import pytest
from pymongo import MongoClient
from typer.testing import CliRunner

from fhir_server.cli import app
from fhir_server.fhir.errors import Gone
from fhir_server.store.encryption import COLLECTION, Encryption
from fhir_server.store.key_file import keys_of


def keys(*arguments, **environment):
    return CliRunner().invoke(app, ["keys", *map(str, arguments)], env=environment)


def test_a_key_file_is_made_and_gets_a_new_current_key(tmp_path):
    path = tmp_path / "legal" / "keys.json"
    made = keys("new", FHIR_LEGAL_FOLDER=str(path.parent))
    assert made.exit_code == 0, made.output
    first = keys_of(path)
    again = keys("new", path)
    second = keys_of(path)
    assert second.keys[first.current] == first.keys[first.current]
    assert second.current != first.current
    assert second.blind == first.blind
    assert "keys rotate" in again.output
    for key in second.keys.values():
        assert key.hex() not in made.output + again.output


@pytest.mark.parametrize("command", ["new", "rotate"])
def test_a_file_that_is_none_is_refused_in_a_line_and_stays(tmp_path, command):
    path = tmp_path / "keys.json"
    path.write_text("no keys")
    ended = keys(command, path, FHIR_LEGAL_MONGODB_URI="mongodb://127.0.0.1:1/")
    assert ended.exit_code == 2
    assert "is no JSON object." in ended.stderr
    assert path.read_text() == "no keys"


def test_rotation_needs_to_know_the_database(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    ended = keys("rotate", tmp_path / "keys.json")
    assert ended.exit_code == 2
    assert "FHIR_LEGAL_MONGODB_URI" in ended.stderr


def test_rotation_moves_every_data_key(tmp_path, mongodb_uri):
    path, name = tmp_path / "keys.json", f"test_{uuid4().hex}"
    assert keys("new", path).exit_code == 0
    with closing(Encryption.over(mongodb_uri, name, partial(keys_of, path))) as encryption:
        sealed = [encryption.shut(f"Person/{number}", "", b"body") for number in range(3)]
    assert keys("new", path).exit_code == 0
    reached = {"FHIR_LEGAL_MONGODB_URI": mongodb_uri, "FHIR_LEGAL_DATABASE": name}
    assert "3 data keys" in keys("rotate", path, **reached).output
    assert "0 data keys" in keys("rotate", path, **reached).output
    with MongoClient(mongodb_uri) as client:
        assert client[name][COLLECTION].distinct("kek") == [keys_of(path).current]
        with closing(Encryption.over(mongodb_uri, name, partial(keys_of, path))) as encryption:
            assert {encryption.open(f"Person/{n}", "", one) for n, one in enumerate(sealed)} == {
                b"body"
            }
        for told in ("is destroyed", "had no data key"):
            assert told in keys("forget", "Person/1", path, "--yes", **reached).output
        with closing(Encryption.over(mongodb_uri, name, partial(keys_of, path))) as encryption:
            with pytest.raises(Gone):
                encryption.open("Person/1", "", sealed[1])
            assert encryption.open("Person/2", "", sealed[2]) == b"body"
        client.drop_database(name)


def test_nothing_is_destroyed_unasked(tmp_path):
    assert keys("forget", "Person/1", tmp_path / "keys.json").exit_code == 1
