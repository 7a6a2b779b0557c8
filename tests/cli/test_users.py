"""`fhir-server users`: added, listed, given another password, disabled."""

import pytest
from typer.testing import CliRunner

from fhir_server.cli import app
from fhir_server.oauth import passwords

PASSWORD = "four odd words do"
NUMBER = "099000000001"


@pytest.fixture
def users(records):

    def run(*options, lines=(), **variables):
        typed = "".join(f"{line}\n" for line in lines)
        return CliRunner().invoke(app, ["users", *options], input=typed, env=variables)

    return run


def test_a_user_is_added_listed_changed_and_disabled(users, records):
    options = ("--fhir-user", "Practitioner/2", "--organisation", "H1", "--organisation", "H2")
    done = users("add", "nurse", *options, "--role", "operator", lines=[PASSWORD])
    assert done.exit_code == 0, done.stderr
    kept = records.get("users", "nurse")
    assert kept["sub"] in done.stdout
    assert (kept["organisations"], kept["roles"]) == (["H1", "H2"], ["operator"])
    assert passwords.holds(kept["password"], PASSWORD)
    shown = users("list").stdout
    assert "Practitioner/2" in shown
    assert "argon2" not in shown
    assert users("password", "nurse", lines=["other words in order"]).exit_code == 0
    assert passwords.holds(records.get("users", "nurse")["password"], "other words in order")
    assert users("disable", "nurse").exit_code == 0
    assert records.get("users", "nurse")["disabled"]
    assert users("disable", "nurse", "--undo").exit_code == 0
    assert not records.get("users", "nurse")["disabled"]


def test_a_citizen_number_is_typed_and_kept_as_a_hash_of_the_settings_key(users, records):
    done = users(
        "add", "doctor", "--citizen", lines=[NUMBER, PASSWORD], FHIR_CITIZEN_KEY="a key of a test"
    )
    assert done.exit_code == 0, done.stderr
    [kept] = records.find("users", {})
    assert len(kept["citizen"]) == 64
    assert NUMBER not in str(kept)
    assert records.find("secrets", {}) == []


@pytest.mark.parametrize(
    ("options", "lines", "why"),
    [
        (("add", "nurse"), ["short"], "12 characters"),
        (("add", "No Name"), [PASSWORD], "3 to 64"),
        (("add", "nurse", "--role", "root"), [PASSWORD], "no value of roles"),
        (("disable", "nobody"), [], "no user nobody"),
        (("password", "nobody"), [PASSWORD], "no user nobody"),
    ],
)
def test_what_cannot_be_done_is_one_line_that_says_why(users, records, options, lines, why):
    done = users(*options, lines=lines)
    assert done.exit_code == 1
    assert why in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert records.find("users", {}) == []


def test_without_a_database_the_command_says_what_to_set(users):
    done = users("list", FHIR_MONGODB_URI=None)
    assert done.exit_code == 2
    assert "set FHIR_MONGODB_URI" in done.stderr
