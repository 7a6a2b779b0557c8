"""`fhir-server token`: a token of a registered system, and of nobody else."""

import json
from hashlib import sha256

import pytest
from joserfc.jwk import ECKey
from typer.testing import CliRunner

from fhir_server.cli import app

SCOPES = "system/Patient.rs system/$submit-document"


@pytest.fixture
def run(records, spec, monkeypatch, tmp_path):
    monkeypatch.setattr("fhir_server.main.definitions", lambda *_: spec)
    keys = tmp_path / "keys.json"
    key = ECKey.generate_key("P-384", {"kid": "one"}).as_dict(private=False)
    keys.write_text(json.dumps({"keys": [key]}))

    def ran(*options):
        return CliRunner().invoke(app, list(options))

    told = ("--jwks", str(keys), "--scope", SCOPES, "--facility", "99001", "--id", "hospital")
    assert ran("clients", "add", "A hospital", *told).exit_code == 0
    return ran


def kept(records, done):
    assert done.exit_code == 0, done.stderr
    return records.get("tokens", sha256(done.stdout.strip().encode()).hexdigest())


def test_a_token_is_for_all_the_system_is_registered_for(run, records):
    token = kept(records, run("token", "hospital"))
    assert set(token["scopes"]) == set(SCOPES.split())
    assert token["facilities"] == ["99001"]
    assert token["expires"] - token["created"] == 300


def test_a_token_is_for_less_and_for_as_long_as_asked(run, records):
    asked = ("--scope", "system/Patient.r", "--seconds", "10")
    token = kept(records, run("token", "hospital", *asked))
    assert token["scopes"] == ["system/Patient.r"]
    assert token["expires"] - token["created"] == 10


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (("nobody",), "no active client"),
        (("hospital", "--scope", "system/Observation.rs"), "registered"),
        (("hospital", "--scope", "patient/*.rs"), "system scopes"),
        (("hospital", "--scope", "nonsense"), "scope"),
    ],
)
def test_what_cannot_be_is_said_in_one_line(run, asked, told):
    done = run("token", *asked)
    assert done.exit_code == 1
    assert told in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert not done.stdout


def test_a_suspended_system_gets_none(run):
    assert run("clients", "suspend", "hospital").exit_code == 0
    assert run("token", "hospital").exit_code == 1
