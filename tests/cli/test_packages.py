"""fhir-server packages: what it does to the folder, and what it says."""

import pytest
from typer.testing import CliRunner

from fhir_server.cli import app
from tests.spec.archives import profile, tgz


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.setenv("FHIR_PACKAGES", str(tmp_path / "packages"))
    return lambda *arguments: CliRunner().invoke(app, ["packages", *map(str, arguments)])


def test_a_package_is_added_listed_and_removed(run, tmp_path):
    assert "No packages here" in run("list").output
    added = run("add", tgz(tmp_path / "p.tgz", profile()))
    assert added.exit_code == 0, added.output
    assert "example.guide#1.2.0: 1 StructureDefinition" in added.output
    assert "example.guide#1.2.0" in run("list").output
    assert run("remove", "example.guide#1.2.0").exit_code == 0
    assert run("remove", "example.guide#1.2.0").exit_code == 1


def test_one_that_cannot_be_used_is_told_and_the_others_are_added(run, tmp_path):
    broken = tmp_path / "broken.tgz"
    broken.write_bytes(b"x")
    result = run("add", broken, tgz(tmp_path / "p.tgz", profile()))
    assert result.exit_code == 1
    assert "broken.tgz is no package" in result.output
    assert "example.guide#1.2.0" in run("list").output
