"""`fhir-server clients`: registered, shown, decided on; a secret is seen once."""

import json

import pytest
from joserfc.jwk import ECKey
from typer.testing import CliRunner

from fhir_server.cli import app
from fhir_server.oauth.clients import holds

BACK = ("--redirect-uri", "https://app.example.org/back")
APP = (*BACK, "--scope", "openid patient/*.rs")


@pytest.fixture
def clients(records, spec, monkeypatch):
    monkeypatch.setattr("fhir_server.main.definitions", lambda *_: spec)

    def run(*options):
        return CliRunner().invoke(app, ["clients", *options])

    return run


def test_an_app_with_a_secret_is_let_in_and_its_secret_shown_once(clients, records):
    done = clients("add", "An app", *APP, "--secret", "--id", "app")
    assert done.exit_code == 0, done.stderr
    told = dict(line.split(" ", 1) for line in done.stdout.splitlines())
    kept = records.get("clients", "app")
    assert (told["client_id"], kept["status"], kept["kind"]) == ("app", "active", "symmetric")
    assert holds(kept["secret"], told["client_secret"])
    for shown in (clients("show", "app"), clients("list")):
        assert "An app" in shown.stdout
        assert told["client_secret"] not in shown.stdout
        assert "argon2" not in shown.stdout
    new = clients("rotate-secret", "app").stdout.split()[1]
    assert holds(records.get("clients", "app")["secret"], new)


def test_a_system_is_known_by_its_keys_and_for_its_facilities(clients, records, tmp_path):
    key = ECKey.generate_key("P-384", {"kid": "one"}).as_dict(private=False)
    file = tmp_path / "keys.json"
    file.write_text(json.dumps({"keys": [key]}))
    gifts = ("--facility", "99001", "--facility", "99002", "--clearance", "HIV")
    scope = ("--scope", "system/$submit-document")
    done = clients("add", "A hospital", "--jwks", str(file), *scope, *gifts, "--organisation", "H1")
    assert done.exit_code == 0, done.stderr
    shown = json.loads(clients("show", done.stdout.split()[1]).stdout)
    assert shown["facilities"] == ["99001", "99002"]
    assert (shown["clearance"], shown["organisation"]) == (["HIV"], "H1")
    assert shown["grant_types"] == ["client_credentials"]
    assert shown["jwks"]["keys"][0]["kid"] == "one"


def test_an_application_is_decided_on_and_given_what_is_the_operators(clients, records):
    clients("add", "An app", *APP, "--id", "app")
    records.change("clients", {"_id": "app"}, {"status": "pending"})
    assert "app is rejected" in clients("reject", "app", "--note", "why").stdout
    told = json.loads(clients("approve", "app", "--clearance", "HIV").stdout)
    assert (told["status"], told["clearance"], told["note"]) == ("active", ["HIV"], "why")
    assert "app is suspended" in clients("suspend", "app").stdout
    assert "app" in clients("list", "--status", "suspended").stdout
    assert "An app" not in clients("list", "--status", "active").stdout


@pytest.mark.parametrize(
    ("options", "code", "told"),
    [
        (("add", "Аpp", *APP), 1, "client_name"),
        (("add", "App", *BACK, "--scope", "everything"), 1, "everything"),
        (("add", "App", "--scope", "system/*.rs"), 1, "client_credentials"),
        (("add", "App", *APP, "--id", "a b"), 1, "id"),
        (("add", "App", *APP, "--facility", "9'9"), 1, "facility"),
        (("add", "App", *APP, "--secret", "--jwks-uri", "https://a.example.org/k"), 2, "both"),
        (("add", "App", *APP, "--jwks-uri", "http://127.0.0.1/keys"), 1, "jwks_uri"),
        (("show", "nobody"), 1, "no client"),
        (("approve", "nobody"), 1, "no client"),
        (("reject", "app"), 1, "active"),
        (("rotate-secret", "app"), 1, "secret"),
        (("add", "AN_APP", *APP), 1, "looks like"),
    ],
)
def test_what_cannot_be_is_said_in_one_line(clients, options, code, told):
    clients("add", "An app", *APP, "--id", "app")
    done = clients(*options)
    assert (done.exit_code, done.stdout) == (code, "")
    assert told in done.stderr
    assert done.stderr.count("\n") == 1


def test_without_a_database_it_says_what_to_set(monkeypatch):
    monkeypatch.delenv("FHIR_MONGODB_URI", raising=False)
    done = CliRunner().invoke(app, ["clients", "list"])
    assert done.exit_code == 2
    assert "FHIR_MONGODB_URI" in done.stderr
