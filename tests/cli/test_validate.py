"""fhir-server validate: exit codes, formats, profiles of packages, several processes."""

import importlib
import json

import pytest
from typer.testing import CliRunner

from fhir_server.cli import app
from fhir_server.spec.installed import packs
from tests.cli.offline.resources import BAD, GOOD, UNKNOWN, VN_PATIENT
from tests.spec.archives import BASE, profile, tgz

# The runner of tests may have threads; the command has none when it makes its processes.
pytestmark = pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")
# The package has the command under the module's name.
module = importlib.import_module("fhir_server.cli.validate")

WARNED = {"resourceType": "Patient", "id": "w", "active": True}


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.setenv("FHIR_PACKAGES", str(tmp_path / "packages"))

    def ran(*arguments, command="validate"):
        module._judge.cache_clear()
        return CliRunner().invoke(app, [command, *map(str, arguments)])

    yield ran
    module._judge.cache_clear()


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "in"
    made.mkdir()
    for name, resource in (("bad", BAD), ("good", GOOD), ("warned", WARNED)):
        (made / f"{name}.json").write_text(json.dumps(resource))
    return made


def test_the_exit_code_says_whether_something_is_wrong(run, folder):
    assert run(folder / "good.json").exit_code == 0
    assert run(folder / "bad.json").exit_code == 1
    assert run(folder / "warned.json").exit_code == 0
    assert run(folder / "warned.json", "--fail-on", "warning").exit_code == 1


def test_a_folder_is_told_in_a_table_and_a_line(run, folder):
    result = run(folder)
    assert result.exit_code == 1
    assert "bad.json" in result.stdout
    assert "Patient.active" in result.stdout
    assert result.stderr == "3 files, 3 resources: 1 with an error.\n"


def test_a_report_is_written_to_a_file_and_is_not_checked_itself(run, folder):
    report = folder / "report.json"
    for _ in range(2):
        result = run(folder, "--format", "json", "--output", report)
        assert (result.exit_code, result.stdout) == (1, "")
        assert [one["resource"] for one in json.loads(report.read_text())] == [
            "Patient/b",
            "Patient/p",
            "Patient/w",
        ]


@pytest.mark.parametrize(
    "arguments",
    [
        ("nowhere.json",),
        (".", "--format", "yaml"),
        (".", "--fail-on", "fatal"),
        (".", "--profile", UNKNOWN),
        (".", "--output", "no/such/folder/report"),
        (".", "--jobs", "-1"),
        ("/dev/null",),
        (),
    ],
)
def test_what_cannot_be_used_is_exit_code_2(run, folder, monkeypatch, arguments):
    monkeypatch.chdir(folder)
    result = run(*arguments)
    assert result.exit_code == 2
    assert "Traceback" not in result.output
    assert result.exception is None or isinstance(result.exception, SystemExit)


def test_an_empty_folder_is_exit_code_2(run, tmp_path):
    (tmp_path / "empty").mkdir()
    result = run(tmp_path / "empty")
    assert (result.exit_code, "no .json" in result.stderr) == (2, True)


def test_settings_that_cannot_be_used_are_exit_code_2(run, folder, monkeypatch):
    monkeypatch.setenv("FHIR_UNKNOWN_PROFILE", "perhaps")
    result = run(folder)
    assert result.exit_code == 2
    assert "FHIR_UNKNOWN_PROFILE" in result.stderr


def test_the_profiles_of_viet_nam_are_known(run, folder):
    result = run(folder / "good.json", "--profile", VN_PATIENT, "--format", "json")
    assert result.exit_code == 1
    (one,) = json.loads(result.stdout)
    assert ["Patient.name"] in [issue["expression"] for issue in one["outcome"]["issue"]]


def test_the_profiles_of_packages_are_known(run, folder, tmp_path):
    mine = f"{BASE}/patient"
    assert run(folder / "good.json", "--profile", mine).exit_code == 2
    assert run("add", tgz(tmp_path / "p.tgz", profile()), command="packages").exit_code == 0
    assert packs(tmp_path / "packages")
    result = run(folder / "good.json", "--profile", mine)
    assert result.exit_code == 1
    assert "Patient.name" in result.stdout


def test_several_processes_tell_the_same_in_the_same_order(run, tmp_path, monkeypatch):
    file = tmp_path / "many.ndjson"
    lines = [{**(BAD if number % 7 == 0 else GOOD), "id": f"n{number}"} for number in range(900)]
    file.write_text("\n".join(map(json.dumps, lines)))
    monkeypatch.setattr(module, "_BYTES_A_JOB", 1)
    one, two = (run(file, "--format", "json", "--jobs", jobs) for jobs in (1, 2))
    assert one.exit_code == two.exit_code == 1
    assert one.stdout == two.stdout
    assert len(json.loads(one.stdout)) == 900
    assert one.stderr == "1 file, 900 resources: 129 with an error.\n"


def test_junit_names_what_fails(run, folder):
    result = run(folder, "--format", "junit", "--fail-on", "warning")
    assert 'tests="3" failures="2" errors="0"' in result.stdout
